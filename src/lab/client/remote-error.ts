import { LAB_ERROR_CODES, LabError, type LabErrorCode } from '../errors.ts';

/** The error that the supervisor threw, as far as it can be told over the wire. */
export function errorFromBody(body: unknown): LabError {
  const { error, code, hint } = (body ?? {}) as { error?: string; code?: string; hint?: string };
  const known = code !== undefined && code in LAB_ERROR_CODES;
  return new LabError({
    code: known ? (code as LabErrorCode) : 'ERR_LAB_UNAVAILABLE',
    blame: 'upstream',
    message: error ?? 'the supervisor gave no reason',
    hint,
  });
}
