import { type ErrorCodeTable, MeshError } from '../base/index.ts';

/** Every code of this folder. */
export const TELEMETRY_ERROR_CODES = {
  ERR_TELEMETRY_LISTEN: 'an admin, metrics or readiness server cannot listen on its address',
  ERR_TELEMETRY_LOG_LEVEL:
    'a log level is not one of trace, debug, info, warn and error, with targets as in info,access=debug',
  ERR_TELEMETRY_ROUTE: 'two admin routes have the same method and path, or a path is malformed',
} as const satisfies ErrorCodeTable;

/** A key of TELEMETRY_ERROR_CODES. */
export type TelemetryErrorCode = keyof typeof TELEMETRY_ERROR_CODES;

/** Telemetry that cannot be set up as asked. */
export class TelemetryError extends MeshError<TelemetryErrorCode> {}
