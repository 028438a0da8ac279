import { type OwnTest, ownTest, route } from './own-test.ts';

const MESH = 'gateway-conformance-mesh';
const INFRA = 'gateway-conformance-infra';
const SERVICE = 'gateway_api_conformance.echo_basic.grpcecho.GrpcEcho';
const backend = (version: 1 | 2 | 3, more: object = {}): object => ({
  name: `grpc-infra-backend-v${version}`,
  port: 8080,
  ...more,
});
const call = (method: string, metadata: object = {}): object => ({
  grpc: { service: SERVICE, method, authority: 'grpc-infra-backend-v1:8080', metadata },
});
const from = (version: 1 | 2 | 3): object => ({
  code: 'OK',
  backend: `grpc-infra-backend-v${version}`,
  namespace: INFRA,
});

export const GRPC_TESTS: readonly OwnTest[] = [
  ownTest({
    name: 'OwnGRPCMatching',
    features: ['Mesh', 'GRPCRoute', 'GRPCRouteNamedRouteRule'],
    namespace: INFRA,
    objects: [
      route(
        INFRA,
        'grpc-infra-backend-v1',
        [
          {
            name: 'by-header',
            matches: [{ headers: [{ name: 'version', value: 'two' }] }],
            backendRefs: [backend(2)],
          },
          { matches: [{ method: { service: SERVICE, method: 'EchoTwo' } }], backendRefs: [backend(2)] },
          {
            matches: [{ method: { type: 'RegularExpression', method: 'Echo.*e' } }],
            backendRefs: [backend(1)],
          },
          {
            matches: [{ method: { service: SERVICE }, headers: [{ name: 'version', value: 'three' }] }],
            filters: [
              {
                type: 'RequestHeaderModifier',
                requestHeaderModifier: { set: [{ name: 'x-set', value: 'set' }] },
              },
              {
                type: 'ResponseHeaderModifier',
                responseHeaderModifier: { set: [{ name: 'x-got', value: 'got' }] },
              },
            ],
            backendRefs: [backend(3)],
          },
        ],
        { kind: 'GRPCRoute' },
      ),
    ],
    cases: [
      { ...call('EchoTwo'), expect: from(2) },
      { ...call('Echo', { version: 'two' }), expect: from(2) },
      {
        ...call('Echo', { version: 'three' }),
        expect: {
          ...from(3),
          backendSees: { headers: { 'x-set': 'set' } },
          responseHeaders: { 'x-got': 'got' },
        },
      },
      { ...call('EchoTwo', { version: 'three' }), expect: from(2) },
      { ...call('Echo'), expect: { code: 'Unimplemented' } },
      { name: 'the method is not there', ...call('EchoThree'), expect: { code: 'Unimplemented' } },
    ],
  }),
  ownTest({
    name: 'OwnGRPCWeightInMesh',
    features: ['Mesh', 'GRPCRoute'],
    namespace: MESH,
    objects: [
      route(
        MESH,
        'echo',
        [
          {
            backendRefs: [
              { name: 'echo-v1', port: 7070, weight: 70 },
              { name: 'echo-v2', port: 7070, weight: 30 },
            ],
          },
        ],
        { kind: 'GRPCRoute' },
      ),
    ],
    cases: [{ request: { protocol: 'grpc', path: '', host: 'echo:7070' }, expect: { status: [200] } }],
    distribution: {
      weights: { 'echo-v1': 0.7, 'echo-v2': 0.3 },
      requests: 500,
      tolerance: 0.05,
      attempts: 10,
    },
  }),
];
