import type { FlagTable } from '../proxy/index.ts';

/** What Istio's dashboards call the failures that the waypoint decides itself. */
export const RESPONSE_FLAGS: FlagTable = {
  ERR_WAYPOINT_DENIED: 'DENY',
  ERR_WAYPOINT_DENIED_LATER: 'DENY',
  ERR_WAYPOINT_AUTHORIZER: 'DENY',
  ERR_WAYPOINT_NO_ENDPOINT: 'CONNECT',
  ERR_WAYPOINT_CONNECT_FAILED: 'CONNECT',
};
