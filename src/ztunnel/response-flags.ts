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

/** These end a connection that had been let in. */
export const LATE_REFUSALS: ReadonlySet<string> = new Set(['ERR_ZTUNNEL_DENIED_LATER']);
