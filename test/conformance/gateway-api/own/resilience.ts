import { answers, get, INFRA_BACKEND, type OwnTest, ownTest, reaches, route } from './own-test.ts';

const INFRA = 'gateway-conformance-infra';
const HOST = { host: 'infra-backend-v3:8080' };
const V3 = INFRA_BACKEND(3);
const under = (value: string, rule: object): object => ({
  matches: [{ path: { type: 'PathPrefix', value } }],
  backendRefs: [V3],
  ...rule,
});
/** The echo server fails the first requests of a uuid; each request of a driver has its own. */
const failing = (path: string, times: number, status: number): string =>
  `${path}?uuid=&succeedAfter=${times}&responseCode=${status}`;

export const RESILIENCE_TESTS: readonly OwnTest[] = [
  ownTest({
    name: 'OwnRetry',
    features: ['Mesh', 'HTTPRoute', 'HTTPRouteRetry'],
    namespace: INFRA,
    objects: [
      route(INFRA, 'infra-backend-v3', [
        under('/retry/some', { retry: { codes: [500, 502], attempts: 3, backoff: '10ms' } }),
        under('/retry/none', {}),
      ]),
    ],
    cases: [
      { request: get(failing('/retry/some', 3, 500), HOST), expect: reaches('infra-backend-v3') },
      { request: get(failing('/retry/some', 1, 502), HOST), expect: reaches('infra-backend-v3') },
      { request: get(failing('/retry/some', 4, 500), HOST), expect: answers(500) },
      { request: get(failing('/retry/some', 1, 501), HOST), expect: answers(501) },
      { request: get(failing('/retry/none', 1, 500), HOST), expect: answers(500) },
      // Where a rule says nothing, what our TrafficPolicy has as its defaults holds: two more tries after a 503.
      { request: get(failing('/retry/none', 2, 503), HOST), expect: reaches('infra-backend-v3') },
      { request: get(failing('/retry/none', 3, 503), HOST), expect: answers(503) },
    ],
  }),
  ownTest({
    name: 'OwnTimeouts',
    features: ['Mesh', 'HTTPRoute', 'HTTPRouteBackendTimeout', 'HTTPRouteRequestTimeout'],
    namespace: INFRA,
    objects: [
      route(INFRA, 'infra-backend-v3', [
        under('/backend', { timeouts: { backendRequest: '500ms' } }),
        under('/request', { timeouts: { request: '500ms' } }),
        under('/both', { timeouts: { request: '5s', backendRequest: '500ms' } }),
        under('/never', { timeouts: { request: '0s', backendRequest: '0s' } }),
      ]),
    ],
    cases: [
      { request: get('/backend', HOST), expect: reaches('infra-backend-v3') },
      { request: get('/backend?delay=1s', HOST), expect: answers(504) },
      { request: get('/request?delay=1s', HOST), expect: answers(504) },
      { request: get('/both?delay=1s', HOST), expect: answers(504) },
      { request: get('/never?delay=1s', HOST), expect: reaches('infra-backend-v3') },
    ],
  }),
];
