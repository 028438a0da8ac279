import {
  answers,
  get,
  INFRA_BACKEND,
  MESH_BACKEND,
  type OwnTest,
  ownTest,
  reaches,
  route,
} from './own-test.ts';

const MESH = 'gateway-conformance-mesh';
const INFRA = 'gateway-conformance-infra';
const [V1, V2] = [MESH_BACKEND(1), MESH_BACKEND(2)];
const INFRA_HOST = { host: 'infra-backend-v1:8080' };
const mirror = (version: 2 | 3, more: object = {}): object => ({
  type: 'RequestMirror',
  requestMirror: { backendRef: INFRA_BACKEND(version), ...more },
});
const mirrored = (version: 2 | 3, more: object = {}): object => ({
  BackendRef: { Name: `infra-backend-v${version}`, Namespace: INFRA },
  ...more,
});
const under = (value: string, rule: object): object => ({
  matches: [{ path: { type: 'PathPrefix', value } }],
  ...rule,
});

export const BACKEND_TESTS: readonly OwnTest[] = [
  ownTest({
    name: 'OwnMirrors',
    features: [
      'Mesh',
      'HTTPRoute',
      'HTTPRouteRequestMirror',
      'HTTPRouteRequestMultipleMirrors',
      'HTTPRouteRequestPercentageMirror',
    ],
    namespace: INFRA,
    objects: [
      route(INFRA, 'infra-backend-v1', [
        under('/own-several', { filters: [mirror(2), mirror(3)], backendRefs: [INFRA_BACKEND(1)] }),
        under('/own-fifth', { filters: [mirror(2, { percent: 20 })], backendRefs: [INFRA_BACKEND(1)] }),
        under('/own-half', {
          filters: [mirror(3, { fraction: { numerator: 1, denominator: 2 } })],
          backendRefs: [INFRA_BACKEND(1)],
        }),
        under('/own-never', { filters: [mirror(2, { percent: 0 })], backendRefs: [INFRA_BACKEND(1)] }),
      ]),
    ],
    cases: [
      {
        request: get('/own-several', { method: 'POST', body: 'a body', ...INFRA_HOST }),
        expect: reaches('infra-backend-v1', {}, { mirroredTo: [mirrored(2), mirrored(3)] }),
      },
      {
        request: get('/own-fifth', INFRA_HOST),
        expect: reaches('infra-backend-v1', {}, { mirroredTo: [mirrored(2, { Percent: 20 })] }),
      },
      {
        request: get('/own-half', INFRA_HOST),
        expect: reaches('infra-backend-v1', {}, { mirroredTo: [mirrored(3, { Percent: 50 })] }),
      },
      {
        request: get('/own-never', INFRA_HOST),
        expect: reaches('infra-backend-v1', {}, { mirroredTo: [mirrored(2, { Percent: 0 })] }),
      },
    ],
  }),
  ownTest({
    name: 'OwnNoBackend',
    features: ['Mesh', 'HTTPRoute'],
    namespace: MESH,
    objects: [
      route(MESH, 'echo', [
        under('/none', {}),
        under('/zero', { backendRefs: [MESH_BACKEND(1, { weight: 0 }), MESH_BACKEND(2, { weight: 0 })] }),
        under('/missing', { backendRefs: [{ name: 'own-missing', port: 80 }] }),
        under('/port', { backendRefs: [{ name: 'echo-v1', port: 81 }] }),
        under('/zero-and-one', { backendRefs: [MESH_BACKEND(1, { weight: 0 }), V2] }),
      ]),
    ],
    cases: [
      { request: get('/none'), expect: answers(500) },
      { request: get('/zero'), expect: answers(500) },
      { request: get('/missing'), expect: answers(500) },
      { request: get('/port'), expect: answers(500) },
      { request: get('/zero-and-one'), expect: reaches('echo-v2') },
    ],
  }),
  ownTest({
    name: 'OwnWeightsOfThree',
    features: ['Mesh', 'HTTPRoute'],
    namespace: INFRA,
    objects: [
      route(INFRA, 'infra-backend-v1', [
        {
          backendRefs: [
            INFRA_BACKEND(1, { weight: 10 }),
            INFRA_BACKEND(2, { weight: 30 }),
            INFRA_BACKEND(3, { weight: 60 }),
          ],
        },
      ]),
    ],
    cases: [{ request: get('/', INFRA_HOST), expect: { status: [200] } }],
    distribution: {
      weights: { 'infra-backend-v1': 0.1, 'infra-backend-v2': 0.3, 'infra-backend-v3': 0.6 },
      requests: 500,
      tolerance: 0.05,
      attempts: 10,
    },
  }),
  ownTest({
    name: 'OwnWebSocket',
    features: ['Mesh', 'HTTPRoute', 'HTTPRouteBackendProtocolWebSocket'],
    namespace: INFRA,
    objects: [
      route(INFRA, 'infra-backend-v2', [{ backendRefs: [{ name: 'infra-backend-v1', port: 8082 }] }]),
    ],
    cases: [
      {
        request: {
          protocol: 'WebSocket',
          method: 'GET',
          path: '/ws',
          host: 'infra-backend-v2:8080',
          body: 'hello',
        },
        expect: { status: [101] },
      },
      {
        request: { protocol: 'WebSocket', method: 'GET', path: '/elsewhere', host: 'infra-backend-v2:8080' },
        expect: { status: [400] },
      },
    ],
  }),
  ownTest({
    name: 'OwnReferenceGrant',
    features: ['Mesh', 'HTTPRoute', 'ReferenceGrant'],
    namespace: MESH,
    objects: [
      {
        apiVersion: 'gateway.networking.k8s.io/v1beta1',
        kind: 'ReferenceGrant',
        metadata: { name: 'own-grant', namespace: 'gateway-conformance-web-backend' },
        spec: {
          from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: MESH }],
          to: [{ group: '', kind: 'Service', name: 'web-backend' }],
        },
      },
      route(MESH, 'echo', [
        under('/granted', {
          backendRefs: [{ name: 'web-backend', namespace: 'gateway-conformance-web-backend', port: 8080 }],
        }),
        under('/refused', {
          backendRefs: [{ name: 'app-backend-v1', namespace: 'gateway-conformance-app-backend', port: 8080 }],
        }),
        under('/own', { backendRefs: [V1] }),
      ]),
    ],
    cases: [
      {
        request: get('/granted'),
        expect: { ...reaches('web-backend'), namespace: 'gateway-conformance-web-backend' },
      },
      { request: get('/refused'), expect: answers(500) },
      { request: get('/own'), expect: reaches('echo-v1') },
    ],
    statusAssertions: [
      {
        assert: 'HTTPRouteMustHaveCondition',
        args: [
          { Name: 'own-echo', Namespace: MESH },
          { Name: 'echo', Namespace: MESH },
          { Type: 'ResolvedRefs', Status: 'False', Reason: 'RefNotPermitted' },
        ],
      },
    ],
  }),
];
