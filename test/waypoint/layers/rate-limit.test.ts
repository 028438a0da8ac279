import { test } from 'tap';
import { extensionKey } from '../../../src/model/index.ts';
import { NOTHING_HOLDS } from '../../../src/waypoint/admission/holding-objects.ts';
import { rateLimitLayer } from '../../../src/waypoint/layers/admission/rate-limit.ts';
import { failureResponse } from '../../../src/waypoint/request/failure-response.ts';
import { rateLimited } from '../../../src/waypoint/rate-limit/refusals.ts';
import { compileRateLimit } from '../../../src/waypoint/rate-limit/compiled-limit.ts';
import { makeLimit, makeRateLimit, selectionOf } from '../admission/admission-fixtures.ts';
import { fieldsOf, makeContext, makeRequest, makeResponse, recordingHandler } from '../request-fixtures.ts';

const COMPILED = compileRateLimit(makeRateLimit([makeLimit()]), {
  previous: undefined,
  maximumKeys: 10,
  problems: [],
});

function contextWith(holding: { objects?: readonly (typeof COMPILED)[]; missing?: string }) {
  const context = makeContext();
  const { objects = [], missing } = holding;
  const key = missing === undefined ? undefined : extensionKey('RateLimit', 'shop', missing);
  return {
    ...context,
    plan: { ...context.plan, rateLimits: { ...NOTHING_HOLDS, of: () => ({ objects, missing: key }) } },
  };
}

test('without limits a request goes on untouched', async (t) => {
  const handler = recordingHandler();
  const layer = rateLimitLayer({ admit: () => Promise.reject(new Error('not asked')) });
  await layer(handler)(makeRequest(), contextWith({}));
  t.equal(handler.calls.length, 1);
});

test('a request with room goes on, and its answer tells what is left beside what the backend tells', async (t) => {
  const handler = recordingHandler(() => makeResponse(200, { ratelimit: '"own";r=1;t=1' }));
  const layer = rateLimitLayer({ admit: async () => [['ratelimit', '"a/all/1";r=9;t=1']] });
  const response = await layer(handler)(makeRequest(), contextWith({ objects: [COMPILED] }));
  t.same(fieldsOf(response.headers), { ratelimit: '"own";r=1;t=1, "a/all/1";r=9;t=1' });
});

test('a refused request goes nowhere; gRPC clients get RESOURCE_EXHAUSTED', async (t) => {
  const [limit] = COMPILED.rules[0]?.limits ?? [];
  const [rule] = COMPILED.rules;
  if (limit === undefined || rule === undefined) throw new Error('the fixture has no limit');
  const refusal = rateLimited(
    {
      claim: { object: COMPILED, rule, limit, key: '' },
      take: { fullAtMs: undefined, remaining: 0, waitMs: 1_001, fillMs: 0 },
    },
    [],
  );
  const handler = recordingHandler();
  const layer = rateLimitLayer({ admit: () => Promise.reject(refusal) });
  await t.rejects(layer(handler)(makeRequest(), contextWith({ objects: [COMPILED] })), refusal);
  t.equal(handler.calls.length, 0);
  const http = failureResponse(makeRequest(), refusal);
  t.equal(http.status, 429);
  t.equal(http.headers.get('retry-after'), '2');
  const call = makeRequest({ method: 'POST', headers: { 'content-type': 'application/grpc' } });
  const grpc = failureResponse(call, refusal);
  t.equal(grpc.status, 200);
  t.equal(grpc.headers.get('grpc-status'), '8');
  t.equal(grpc.headers.get('retry-after'), '2');
});

test('a rule that names a limit which is not there is answered with 500, never without the limit', async (t) => {
  const layer = rateLimitLayer({ admit: async () => [] });
  const handler = recordingHandler();
  const context = { ...contextWith({ missing: 'gone' }), route: () => selectionOf([]) };
  await t.rejects(layer(handler)(makeRequest(), context), {
    code: 'ERR_WAYPOINT_EXTENSION_MISSING',
    message: /RateLimit shop\/gone/,
  });
  t.equal(handler.calls.length, 0);
});
