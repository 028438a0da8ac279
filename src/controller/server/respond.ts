import { causeOf, MeshError } from '../../base/index.ts';
import { WireError, type WireErrorCode } from '../../wire/index.ts';
import { ControllerError, type ControllerErrorCode } from '../errors.ts';

/** How the controller's own errors are told to a gRPC caller; the others are answered by their blame. */
const ANSWERS: Readonly<Partial<Record<ControllerErrorCode, WireErrorCode>>> = {
  // Who it is cannot be told.
  ERR_CONTROLLER_TOKEN: 'ERR_WIRE_UNAUTHENTICATED',
  // It is known who it is, and it may not.
  ERR_CONTROLLER_IDENTITY_REFUSED: 'ERR_WIRE_PERMISSION_DENIED',
  ERR_CONTROLLER_SCOPE: 'ERR_WIRE_PERMISSION_DENIED',
  ERR_CONTROLLER_REPORT: 'ERR_WIRE_INVALID_REQUEST',
  ERR_CONTROLLER_REPORT_RATE: 'ERR_WIRE_EXHAUSTED',
  ERR_CONTROLLER_CSR: 'ERR_WIRE_INVALID_REQUEST',
  // Nobody can be checked now; a caller should come back.
  ERR_CONTROLLER_JWKS: 'ERR_WIRE_UNAVAILABLE',
  ERR_CONTROLLER_TOKEN_REVIEW: 'ERR_WIRE_UNAVAILABLE',
  // Its pod has not arrived here yet.
  ERR_CONTROLLER_PROXY_UNKNOWN: 'ERR_WIRE_UNAVAILABLE',
};

/** Runs a handler and makes its refusals readable for the caller. */
export async function answering<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const own = causeOf(error, ControllerError);
    const code = own === undefined ? undefined : ANSWERS[own.code];
    if (own === undefined || code === undefined) throw error;
    throw new WireError({
      code,
      blame: own.blame,
      message: own.message,
      hint: own.hint,
      retryable: causeOf(error, MeshError)?.retryable,
      cause: error,
    });
  }
}
