import { type ErrorCodeTable, MeshError } from '../base/index.ts';

export const CONTROLLER_ERROR_CODES = {
  ERR_CONTROLLER_CONFIG: 'an option of the controller is missing or makes no sense',
  ERR_CONTROLLER_OBJECT: 'an object does not follow the schema of its kind',
  ERR_CONTROLLER_MANIFESTS: 'the directory of manifests cannot be read',
  ERR_CONTROLLER_JWKS: 'the file with the keys for caller tokens cannot be read or is not a JWKS',
  ERR_CONTROLLER_TOKEN:
    'a caller sent no token, or one that is expired, for another audience or not signed by us',
  ERR_CONTROLLER_TOKEN_REVIEW: "the API server could not be asked whether a caller's token is good",
  ERR_CONTROLLER_IDENTITY_REFUSED: 'a caller asked for a certificate that it may not have',
  ERR_CONTROLLER_AUTHORITY: 'the certificate authority that replicas share cannot be read or written',
  ERR_CONTROLLER_CSR: 'a certificate request is not usable',
  ERR_CONTROLLER_SCOPE: "a caller asked for another node's resources or reported for another node",
  ERR_CONTROLLER_REPORT: 'a proxy reported traffic that it cannot have seen',
  ERR_CONTROLLER_REPORT_RATE: 'a proxy reports what it sees far more often than it should',
  ERR_CONTROLLER_PROXY_UNKNOWN:
    'a proxy connected whose pod or Gateway the controller does not know, so that it cannot be told what is its own',
  ERR_CONTROLLER_WEBHOOK: 'the admission webhook cannot listen, or its certificate cannot be read or used',
  ERR_CONTROLLER_REVIEW: 'the admission webhook could not judge an object (in time)',
  ERR_CONTROLLER_SINK: 'an annotation, status or event could not be written back',
} as const satisfies ErrorCodeTable;

/** The codes of this folder; docs/errors.md says what each means. */
export type ControllerErrorCode = keyof typeof CONTROLLER_ERROR_CODES;

/** Something went wrong in the control plane. */
export class ControllerError extends MeshError<ControllerErrorCode> {}
