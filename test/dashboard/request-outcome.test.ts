import { test } from 'tap';
import { outcomeOf, toneOfRequest } from '../../src/dashboard/traffic/request-outcome.ts';
import { request } from '../support/dashboard-api/shop-requests.ts';

test('an answer of the server is one whatever it says, up to 499; what the waypoint itself answers is a refusal', async (t) => {
  const seen = (said: object) => {
    const one = request({ atMs: 1, ...said });
    return [outcomeOf(one), toneOfRequest(one)];
  };
  t.same(seen({ status: 302 }), ['answered', 'good']);
  t.same(seen({ status: 404 }), ['answered', 'idle']);
  t.same(seen({ status: 403, reason: 'not_allowed' }), ['refused', 'warn']);
  t.same(seen({ status: 200, grpcStatus: 0 }), ['answered', 'good']);
  t.same(seen({ status: 200, grpcStatus: 14 }), ['failed', 'bad']);
  t.same(seen({ status: 200, grpcStatus: 7, reason: 'not_allowed' }), ['refused', 'warn']);
  t.same(seen({ status: 503, reason: 'no_healthy_endpoint' }), ['failed', 'bad']);
});
