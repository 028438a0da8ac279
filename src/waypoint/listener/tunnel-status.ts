import type { MeshError } from '../../base/index.ts';

/**
 * The one place where an error becomes the status of a refused tunnel (wire.md §1.6). The sender tries another replica
 * on 503 and on nothing else, so a verdict must never be one.
 */
export function statusFor(error: MeshError): 401 | 503 {
  switch (error.code) {
    case 'ERR_WAYPOINT_DENIED':
    case 'ERR_WAYPOINT_DENIED_LATER':
      return 401;
    default:
      return 503;
  }
}
