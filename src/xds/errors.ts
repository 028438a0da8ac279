import { type ErrorCodeTable, MeshError } from '../base/index.ts';

export const XDS_ERROR_CODES = {
  ERR_XDS_CLOSED: 'the discovery server or client was closed while somebody waited for it',
  ERR_XDS_CONNECT: 'the discovery server could not be reached',
  ERR_XDS_STREAM: 'a discovery stream ended in an error',
  ERR_XDS_RECONNECT: 'a discovery stream is replaced on purpose, such as for new root certificates',
  ERR_XDS_REQUEST: 'a discovery request breaks the protocol',
  ERR_XDS_TOO_MANY_NAMES: 'a discovery client subscribed to more names than one stream may',
  ERR_XDS_SLOW_CLIENT: 'a discovery client did not take a response in time, or did not answer it',
  ERR_XDS_DUPLICATE_TYPE: 'a resource type was given to a discovery server or client twice',
  ERR_XDS_UNKNOWN_TYPE: 'a resource type was asked for that this discovery server or client does not have',
} as const satisfies ErrorCodeTable;

/** The codes of this folder; docs/errors.md says what each means. */
export type XdsErrorCode = keyof typeof XDS_ERROR_CODES;

/** A failure of the discovery protocol, or of the stream under it. */
export class XdsError extends MeshError<XdsErrorCode> {}
