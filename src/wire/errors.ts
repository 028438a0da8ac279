import { type ErrorCodeTable, MeshError } from '../base/index.ts';

export const WIRE_ERROR_CODES = {
  ERR_WIRE_DECODE: 'bytes are not a protobuf message of the wanted type',
  ERR_WIRE_FIELD: 'a field of a message holds a value that the mesh does not know or cannot use',
  ERR_WIRE_UNAUTHENTICATED: 'a gRPC caller brought no token, or one that is not accepted',
  ERR_WIRE_PERMISSION_DENIED: 'a gRPC caller asked for what is not its own',
  ERR_WIRE_INVALID_REQUEST: 'a gRPC request cannot be understood or granted as it stands',
  ERR_WIRE_ENCODING: 'a gRPC message is compressed, which is not taken: a few bytes can stand for any number',
  ERR_WIRE_TOO_LONG: 'a gRPC request has more bytes than one of its kind may have',
  ERR_WIRE_SLOW_CLIENT: 'a gRPC caller did not send a long request in time',
  ERR_WIRE_UNAVAILABLE: 'the gRPC server cannot be reached or cannot answer now',
  ERR_WIRE_EXHAUSTED:
    'a gRPC caller asks more often, for more at once, or at greater length than the server grants',
  ERR_WIRE_TIMEOUT: 'the gRPC server did not answer in time',
  ERR_WIRE_REMOTE: 'the gRPC server failed',
  ERR_WIRE_CLOSED: 'the gRPC client was closed while somebody waited for it',
  ERR_WIRE_LISTEN: 'the gRPC server cannot listen on its address',
  ERR_WIRE_CREDENTIALS: 'a token, root certificate or server certificate cannot be read or used',
} as const satisfies ErrorCodeTable;

/** The codes of this folder; docs/errors.md says what each means. */
export type WireErrorCode = keyof typeof WIRE_ERROR_CODES;

/** A message that cannot be understood, or a call that failed. */
export class WireError extends MeshError<WireErrorCode> {}
