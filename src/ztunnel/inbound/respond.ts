import type { MeshError } from '../../base/index.ts';

/**
 * The one place where an error becomes the status of a refused tunnel (wire.md §1.6). The peer tries another endpoint
 * on 503 and on nothing else, so a verdict must never be one.
 */
export function statusFor(error: MeshError): 400 | 401 | 503 {
  switch (error.code) {
    // The request is wrong, here and anywhere.
    case 'ERR_ZTUNNEL_WRONG_AUTHORITY':
      return 400;
    // A verdict about who asks: another endpoint of the same policies would say the same.
    case 'ERR_ZTUNNEL_DENIED':
    case 'ERR_ZTUNNEL_WAYPOINT_BYPASS':
    case 'ERR_ZTUNNEL_DENIED_LATER':
      return 401;
    // This endpoint cannot: unknown or loop-making target, application not reachable, proxy draining.
    default:
      return 503;
  }
}
