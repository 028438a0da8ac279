/** By these a waypoint refuses on purpose; whatever else keeps a request from its answer is a fault. */
export const VERDICTS: ReadonlySet<string> = new Set([
  'ERR_WAYPOINT_DENIED',
  'ERR_WAYPOINT_DENIED_LATER',
  'ERR_WAYPOINT_NOT_BOUND',
  'ERR_WAYPOINT_NO_ROUTE',
  'ERR_WAYPOINT_PATH',
  'ERR_WAYPOINT_TOKEN_INVALID',
  'ERR_WAYPOINT_TOKEN_MISSING',
  'ERR_WAYPOINT_UNCHECKED_BODY',
  'ERR_WAYPOINT_RATE_LIMITED',
  'ERR_WAYPOINT_RATE_LIMIT_UNCHECKED',
  'ERR_WAYPOINT_FAULT_INJECTED',
  'ERR_WAYPOINT_OVERLOADED',
  'ERR_WAYPOINT_OVERFLOW',
  'authorizer_denied',
]);

export const LATE_REFUSALS: ReadonlySet<string> = new Set(['ERR_WAYPOINT_DENIED_LATER']);
