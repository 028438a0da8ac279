import { type ErrorCodeTable, MeshError } from '../base/index.ts';

/** Every code of this folder. */
export const TELEMETRY_ERROR_CODES = {
  ERR_TELEMETRY_API_BUSY: 'more requests of the API wait for their turn than may (503)',
  ERR_TELEMETRY_API_EXPOSED:
    'the dashboard would be open to everybody: an address beyond loopback without a token',
  ERR_TELEMETRY_API_FAILED: 'the API cannot answer a request that it understands (500)',
  ERR_TELEMETRY_API_HOST: 'without a token, the API was asked by a name that is not of this machine (403)',
  ERR_TELEMETRY_API_METHOD: 'the API was asked to change something (405)',
  ERR_TELEMETRY_API_ORIGIN: 'a page of another origin asked for the live feed (403)',
  ERR_TELEMETRY_API_PATH: 'the API has nothing at that path (400, 404)',
  ERR_TELEMETRY_API_QUERY: 'a query of the API has something that it does not take (400)',
  ERR_TELEMETRY_API_READERS: 'the live feed has as many readers as it takes (503)',
  ERR_TELEMETRY_API_TOKEN: 'the API needs a token, and got none or another (401)',
  ERR_TELEMETRY_API_TOKEN_FILE:
    'the file with the token of the dashboard cannot be read, or has no token in it',
  ERR_TELEMETRY_HEADERS_FILE: 'the file with headers for the collector cannot be read or is malformed',
  ERR_TELEMETRY_LISTEN: 'an admin, metrics or readiness server cannot listen on its address',
  ERR_TELEMETRY_LOG_LEVEL:
    'a log level is not one of trace, debug, info, warn and error, with targets as in info,access=debug',
  ERR_TELEMETRY_ROUTE: 'two admin routes have the same method and path, or a path is malformed',
} as const satisfies ErrorCodeTable;

/** A key of TELEMETRY_ERROR_CODES. */
export type TelemetryErrorCode = keyof typeof TELEMETRY_ERROR_CODES;

/** Telemetry that cannot be set up as asked. */
export class TelemetryError extends MeshError<TelemetryErrorCode> {}
