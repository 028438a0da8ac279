import { type ErrorCodeTable, MeshError } from '../base/index.ts';

export const MODEL_ERROR_CODES = {
  ERR_MODEL_IP_ADDRESS: 'text or bytes are not an IPv4 or IPv6 address',
  ERR_MODEL_CIDR: 'text or bytes are not an address range in CIDR form',
  ERR_MODEL_PORT: 'a number is not a TCP port (1 to 65535)',
  ERR_MODEL_SPIFFE_ID: 'a URI is not a workload identity spiffe://<trust domain>/ns/<namespace>/sa/<account>',
  ERR_MODEL_TRUST_DOMAIN: 'a name is not a SPIFFE trust domain',
} as const satisfies ErrorCodeTable;

/** The codes of this folder; docs/errors.md says what each means. */
export type ModelErrorCode = keyof typeof MODEL_ERROR_CODES;

/** A value that does not parse into the mesh's vocabulary. */
export class ModelError extends MeshError<ModelErrorCode> {}
