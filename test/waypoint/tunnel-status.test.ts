import { test } from 'tap';
import { WaypointError, type WaypointErrorCode } from '../../src/waypoint/errors.ts';
import { statusFor } from '../../src/waypoint/listener/tunnel-status.ts';

test('a verdict is no reason to try another replica, and all else is', async (t) => {
  const statuses: readonly (readonly [WaypointErrorCode, number])[] = [
    ['ERR_WAYPOINT_DENIED', 401],
    ['ERR_WAYPOINT_DENIED_LATER', 401],
    ['ERR_WAYPOINT_AUTHORIZER', 503],
    ['ERR_WAYPOINT_NO_ENDPOINT', 503],
  ];
  for (const [code, status] of statuses)
    t.equal(statusFor(new WaypointError({ code, blame: 'local', message: 'no' })), status, code);
});
