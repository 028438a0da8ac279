import { LabError } from '../../errors.ts';
import {
  CONTROLLER_ADMIN_PORT,
  CONTROLLER_NAMESPACE,
  CONTROLLER_OPERATOR_PORT,
  type NamespaceResponse,
  requestInNamespace,
} from '../../mesh/index.ts';
import { badRequest, type JsonHandler, stringField } from './router.ts';

/** One step of a root's rotation; `remove` is forced, since the caller has seen that nobody uses the old root. */
export type RotationStep = 'add' | 'activate' | 'remove';

/** A root of the mesh's authority. */
export interface RootAnswer {
  readonly name: string;
  /** SHA-256 of the certificate, hex. */
  readonly fingerprint: string;
  readonly state: 'active' | 'added' | 'retired';
}

/** A certificate that the mesh's authority has revoked. */
export interface RevocationAnswer {
  /** Upper-case hex, no leading zeros. */
  readonly serial: string;
  /** Whether every proxy that was connected has said that it knows. */
  readonly acknowledged: boolean;
}

const STEP_PATHS: Readonly<Record<RotationStep, string>> = {
  add: '/ca/rotate-root?step=add',
  activate: '/ca/rotate-root?step=activate',
  remove: '/ca/rotate-root?step=remove&force=true',
};
const TIMEOUT_MS = 10_000;

/** What an operator asks of the mesh's authority, through the controller's admin ports. */
export const ROOT_ROUTES: Readonly<Record<string, JsonHandler>> = {
  'GET /v1/roots': async () => contentOf(await ask('GET', CONTROLLER_ADMIN_PORT, '/ca/roots')),
  'POST /v1/roots/rotate': async ({ body }) => {
    const step = stringField(body, 'step');
    if (!isRotationStep(step)) throw badRequest('step: expected add, activate or remove');
    contentOf(await ask('POST', CONTROLLER_OPERATOR_PORT, STEP_PATHS[step]));
    return {};
  },
  'GET /v1/revocations': async () => contentOf(await ask('GET', CONTROLLER_OPERATOR_PORT, '/ca/revoked')),
  'POST /v1/revocations': async ({ body }) => {
    const query = new URLSearchParams({ serial: stringField(body, 'serial') });
    return contentOf(await ask('POST', CONTROLLER_OPERATOR_PORT, `/ca/revoke?${query}`));
  },
};

function isRotationStep(text: string): text is RotationStep {
  return Object.hasOwn(STEP_PATHS, text);
}

function ask(method: string, port: number, path: string): Promise<NamespaceResponse> {
  return requestInNamespace({ namespace: CONTROLLER_NAMESPACE, port, method, path, timeoutMs: TIMEOUT_MS });
}

function contentOf({ status, body }: NamespaceResponse): unknown {
  if (status === 200) return JSON.parse(body) as unknown;
  if (status === 400) throw badRequest(body.trim());
  const isOutOfTurn = status === 409;
  throw new LabError({
    code: isOutOfTurn ? 'ERR_LAB_CONFLICT' : 'ERR_LAB_UNAVAILABLE',
    blame: isOutOfTurn ? 'downstream' : 'upstream',
    message: `the controller answered ${status}: ${body.trim()}`,
  });
}
