import type { FlagTable } from '../proxy/index.ts';

/** What Istio's dashboards call the failures that the node proxy decides itself. */
export const RESPONSE_FLAGS: FlagTable = {
  ERR_ZTUNNEL_DENIED: 'DENY',
  ERR_ZTUNNEL_DENIED_LATER: 'DENY',
  ERR_ZTUNNEL_NO_UPSTREAM: 'CONNECT',
  ERR_ZTUNNEL_CONNECT_TIMEOUT: 'CONNECT',
  ERR_ZTUNNEL_RECURSIVE_PORT: 'CONNECT',
  ERR_ZTUNNEL_SELF_CALL: 'CONNECT',
};

/** By these the node proxy refuses on purpose; whatever else keeps a connection from its end is a fault. */
export const VERDICTS: ReadonlySet<string> = new Set([
  'ERR_ZTUNNEL_DENIED',
  'ERR_ZTUNNEL_DENIED_LATER',
  'ERR_ZTUNNEL_WAYPOINT_BYPASS',
  'ERR_ZTUNNEL_WRONG_AUTHORITY',
  'ERR_ZTUNNEL_NO_ORIGINAL_DESTINATION',
  'ERR_ZTUNNEL_SELF_CALL',
  'ERR_ZTUNNEL_RECURSIVE_PORT',
  'ERR_ZTUNNEL_POD_SHARE',
  'ERR_IDENTITY_PEER_REVOKED',
  // A destination whose waypoint is not there is closed by design.
  'WAYPOINT_MISSING',
  'WAYPOINT_UNUSABLE',
]);

/** These end a connection that had been let in. */
export const LATE_REFUSALS: ReadonlySet<string> = new Set(['ERR_ZTUNNEL_DENIED_LATER']);
