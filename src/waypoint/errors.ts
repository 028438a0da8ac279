import { type ErrorCodeTable, MeshError, type MeshErrorOptions } from '../base/index.ts';

export const WAYPOINT_ERROR_CODES = {
  ERR_WAYPOINT_CONFIG: 'one or more options of the waypoint are missing or do not parse',
  ERR_WAYPOINT_NOT_BOUND: 'a tunnel asks for a service or pod whose waypoint this is not',
  ERR_WAYPOINT_NO_ROUTE: 'the service has routes, and no rule of theirs matches the request',
  ERR_WAYPOINT_INVALID_BACKEND: 'the rule that matched sends the request to a backend that is not valid',
  ERR_WAYPOINT_NO_ENDPOINT: 'the backend has no endpoint that may take the request',
  ERR_WAYPOINT_FAULT: 'something threw what is not an error of the mesh: a fault of the waypoint itself',
} as const satisfies ErrorCodeTable;

export type WaypointErrorCode = keyof typeof WAYPOINT_ERROR_CODES;

export interface WaypointErrorOptions extends MeshErrorOptions<WaypointErrorCode> {
  readonly policy?: string | undefined;
  readonly rule?: number | undefined;
  readonly reason?: string | undefined;
}

/** What the waypoint itself decides or meets. Each code has its status in `respond.ts`. */
export class WaypointError extends MeshError<WaypointErrorCode> {
  /** The policy that refused, where one did. */
  readonly policy: string | undefined;
  /** Which of its rules, counted from 0. */
  readonly rule: number | undefined;
  /** A word of a closed list, where the code alone does not say why. */
  readonly reason: string | undefined;

  constructor(options: WaypointErrorOptions) {
    super(options);
    this.policy = options.policy;
    this.rule = options.rule;
    this.reason = options.reason;
  }
}
