import fc from 'fast-check';
import { test } from 'tap';
import { stringify } from 'yaml';
import { createMeshCollections } from '../../src/controller/collections/index.ts';
import { formatIssue, inspectObject, isGuard, type ObjectKind } from '../../src/controller/objects/index.ts';
import type { ObjectEvent } from '../../src/controller/sources/index.ts';
import { readManifest } from '../../src/controller/sources/manifests/index.ts';
import {
  addressCodec,
  authorizationCodec,
  encodeResource,
  enrolmentPodCodec,
  waypointResourceCodec,
} from '../../src/wire/index.ts';

const API_VERSIONS: Readonly<Record<ObjectKind, string>> = {
  Namespace: 'v1',
  Pod: 'v1',
  ServiceAccount: 'v1',
  Service: 'v1',
  Node: 'v1',
  EndpointSlice: 'discovery.k8s.io/v1',
  AuthorizationPolicy: 'security.istio.io/v1',
  PeerAuthentication: 'security.istio.io/v1beta1',
  RequestAuthentication: 'security.istio.io/v1',
  ConfigMap: 'v1',
  Deployment: 'apps/v1',
  GatewayClass: 'gateway.networking.k8s.io/v1',
  Gateway: 'gateway.networking.k8s.io/v1',
  RateLimit: 'nodemesh.io/v1alpha1',
  FaultInjection: 'nodemesh.io/v1alpha1',
  Filter: 'nodemesh.io/v1alpha1',
  TrafficPolicy: 'nodemesh.io/v1alpha1',
  XBackendTrafficPolicy: 'gateway.networking.x-k8s.io/v1alpha1',
  HTTPRoute: 'gateway.networking.k8s.io/v1',
  GRPCRoute: 'gateway.networking.k8s.io/v1',
  TCPRoute: 'gateway.networking.k8s.io/v1alpha2',
  TLSRoute: 'gateway.networking.k8s.io/v1alpha3',
  ReferenceGrant: 'gateway.networking.k8s.io/v1beta1',
  Telemetry: 'telemetry.istio.io/v1',
};
const KINDS = Object.keys(API_VERSIONS) as ObjectKind[];

/** Field names that mean something, so that random objects get past the first check. */
const NAMES = [
  ...[
    'tracing',
    'metrics',
    'accessLogging',
    'providers',
    'match',
    'mode',
    'disabled',
    'filter',
    'expression',
  ],
  ...['randomSamplingPercentage', 'disableSpanReporting', 'customTags', 'literal', 'header', 'environment'],
  ...[
    'overrides',
    'metric',
    'tagOverrides',
    'operation',
    'reportingInterval',
    'extensionProviders',
    'opentelemetry',
  ],
  ...['metadata', 'spec', 'status', 'name', 'namespace', 'uid', 'labels', 'annotations', 'ownerReferences'],
  ...[
    'selector',
    'matchLabels',
    'rules',
    'from',
    'to',
    'when',
    'source',
    'operation',
    'key',
    'values',
    'ports',
  ],
  ...['parentRefs', 'backendRefs', 'matches', 'filters', 'path', 'method', 'headers', 'queryParams', 'value'],
  ...['requestRedirect', 'urlRewrite', 'requestMirror', 'backendRef', 'cors', 'extensionRef', 'timeouts'],
  ...['retry', 'codes', 'sessionPersistence', 'hostnames', 'set', 'add', 'remove', 'weight', 'percent'],
  ...['loadBalancer', 'consistentHash', 'locality', 'outlierEjection', 'limits', 'retryConstraint', 'budget'],
  ...['gatewayClassName', 'listeners', 'allowedRoutes', 'namespaces', 'infrastructure', 'parametersRef'],
  ...['matches', 'limits', 'requests', 'per', 'global', 'host', 'delay', 'abort', 'fraction', 'inline'],
  ...['principals', 'ipBlocks', 'serviceAccounts', 'action', 'targetRefs', 'mtls', 'mode', 'portLevelMtls'],
  ...['clusterIP', 'clusterIPs', 'port', 'targetPort', 'protocol', 'type', 'podIP', 'podIPs', 'ip', 'phase'],
  ...[
    'endpoints',
    'addresses',
    'addressType',
    'conditions',
    'targetRef',
    'containers',
    'nodeName',
    'hostNetwork',
  ],
  ...[
    'jwtRules',
    'issuer',
    'jwks',
    'jwksUri',
    'fromHeaders',
    'prefix',
    'provider',
    'extensionProviders',
    'envoyExtAuthzGrpc',
    'service',
    'paths',
    'hosts',
  ],
  ...[
    'serviceAccountName',
    'creationTimestamp',
    'deletionTimestamp',
    'kind',
    'items',
    '__proto__',
    'constructor',
  ],
];
const TEXTS = [
  'shop',
  'cart',
  '10.0.0.1',
  '::1',
  '10.0.0.0/8',
  '80',
  '*',
  'a*',
  '*b',
  'STRICT',
  'ALLOW',
  'DENY',
  'None',
];

const leaf = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.string(),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
);
const tree = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...NAMES), fc.string()), tie('value'), { maxKeys: 5 }),
  ),
})).value;

const member = (...names: string[]) =>
  fc.record(Object.fromEntries(names.map((name) => [name, tree])), { requiredKeys: [] });
const meta = fc.record(
  {
    name: fc.constantFrom('a', 'b', 'c', 'istio', 'nodemesh'),
    namespace: fc.constantFrom('shop', 'istio-system'),
    uid: fc.constantFrom('1', '2'),
    labels: fc.constantFrom({}, { app: 'cart' }, { app: 'cart', 'istio.io/dataplane-mode': 'ambient' }),
    annotations: fc.constantFrom(
      {},
      { 'ambient.istio.io/redirection': 'enabled' },
      {
        'traffic.nodemesh.io/exclude-outbound-ports': '1, x, 99999',
      },
    ),
  },
  { requiredKeys: ['name'] },
);
/** Much of it sound, so that it becomes something. */
const guardSpec = fc.record(
  {
    targetRefs: fc.constantFrom(
      [{ group: '', kind: 'Service', name: 'a' }],
      [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'b' }],
      [{ group: 'gateway.networking.k8s.io', kind: 'GatewayClass', name: 'istio-waypoint' }],
      [{ kind: 'Service' }],
    ),
    action: fc.constantFrom('ALLOW', 'DENY', 'AUDIT', 'CUSTOM'),
    provider: fc.constantFrom({ name: 'opa' }, { name: 'x' }),
    rules: fc.constantFrom(
      [{}],
      [{ from: [{ source: { principals: ['*'], ipBlocks: ['x'] } }] }],
      [{ to: [{ operation: { paths: ['/{*}'], hosts: ['a*'] } }] }],
      [{ when: [{ key: 'request.auth.claims[a][b]', values: ['x'] }] }],
      [{ when: [{ key: 'experimental.x', values: ['x'] }] }],
    ),
    jwtRules: fc.constantFrom(
      [{ issuer: 'i', jwks: '{"keys":[]}' }],
      [{ issuer: 'https://i' }],
      [{ issuer: 'i' }],
    ),
  },
  { requiredKeys: [] },
);
const meshText = fc.oneof(
  fc.string(),
  tree.map((value) => stringify(value)),
  fc.constantFrom(
    stringify({ trustDomainAliases: ['old'], pathNormalization: { normalization: 'NONE' } }),
    stringify({ extensionProviders: [{ name: 'opa', envoyExtAuthzGrpc: { service: 'a.b', port: 1 } }] }),
  ),
);
const anyObject = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    metadata: fc.oneof({ weight: 4, arbitrary: meta }, { weight: 1, arbitrary: tree }),
    spec: fc.oneof(
      tree,
      member('selector', 'rules', 'action', 'targetRefs', 'mtls', 'portLevelMtls'),
      guardSpec,
      member('parentRefs', 'rules', 'hostnames', 'from', 'to'),
      member('selector', 'ports', 'clusterIP', 'type', 'nodeName', 'containers'),
    ),
    status: member('podIP', 'podIPs', 'phase', 'conditions'),
    addressType: fc.constantFrom('IPv4', 'FQDN', 'x'),
    endpoints: tree,
    ports: tree,
    data: fc.record({ mesh: meshText }, { requiredKeys: [] }),
  })
  .map((value) => ({ ...value, apiVersion: API_VERSIONS[value.kind] }));

test('any object is either sound or faulty with a place, and never a crash', async (t) => {
  fc.assert(
    fc.property(anyObject, (value) => {
      const { issues } = inspectObject(value.kind, value);
      for (const issue of issues) if (formatIssue(issue) === '') throw new Error('an issue without words');
    }),
    { numRuns: 5_000 },
  );
  t.pass();
});

test('any text is a manifest, with each problem on a line of it', async (t) => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc
      .array(
        fc.constantFrom(
          'kind: Pod',
          'metadata:',
          '  name: x',
          '- ',
          '[',
          '{',
          ': ',
          '---',
          '&a',
          '*a',
          '"',
          '\n',
        ),
        {
          maxLength: 20,
        },
      )
      .map((parts) => parts.join('\n')),
    fc.tuple(anyObject, fc.nat()).map(([value, cut]) => {
      const whole = stringify(value);
      return whole.slice(0, cut % (whole.length + 1));
    }),
  );
  fc.assert(
    fc.property(text, (manifest) => {
      const { problems } = readManifest('x.yaml', manifest);
      const lines = manifest.split(/\r\n|\r|\n/).length;
      for (const { line } of problems) {
        if (!(line >= 1 && line <= lines + 1)) throw new Error(`line ${line} of ${lines}`);
      }
    }),
    { numRuns: 3_000 },
  );
  t.pass();
});

test('any sequence of objects leaves collections that are as if built anew, and that can be sent', async (t) => {
  const settings = {
    clusterId: 'Kubernetes',
    network: '',
    trustDomain: 'cluster.local',
    clusterDomain: 'cluster.local',
    rootNamespace: 'istio-system',
  };
  const names = (events: readonly ObjectEvent[]): readonly string[] => {
    const collections = createMeshCollections(settings);
    for (const event of events) collections.apply([event]);
    return snapshot(collections);
  };
  fc.assert(
    fc.property(fc.array(fc.tuple(anyObject, fc.boolean()), { maxLength: 12 }), (steps) => {
      const state = new Map<string, ObjectEvent>();
      const events = steps.map(([value, remove]): ObjectEvent => {
        const { object, issues } = inspectObject(value.kind, value);
        const { namespace, name } = object.meta;
        const key = namespace === '' ? name : `${namespace}/${name}`;
        const id = `${object.kind} ${key}`;
        if (remove || (issues.length > 0 && !isGuard(object.kind))) {
          state.delete(id);
          return { type: 'delete', kind: object.kind, key };
        }
        const event: ObjectEvent = { type: 'upsert', object, faults: issues.map(formatIssue) };
        state.set(id, event);
        return event;
      });
      const followed = names(events);
      const rebuilt = names([...state.values()]);
      if (JSON.stringify(followed) !== JSON.stringify(rebuilt)) {
        throw new Error(`${JSON.stringify(followed)} is not ${JSON.stringify(rebuilt)}`);
      }
    }),
    { numRuns: 1_500 },
  );
  t.pass();
});

/** Every resource with its version, sorted. */
function snapshot(collections: ReturnType<typeof createMeshCollections>): readonly string[] {
  const resources = [
    ...[...collections.podWorkloads.values(), ...collections.otherWorkloads.values()].map((workload) =>
      encodeResource(addressCodec, { kind: 'workload', workload }),
    ),
    ...[...collections.services.values()].map(({ service }) =>
      encodeResource(addressCodec, { kind: 'service', service }),
    ),
    ...[...collections.policies.values()].flatMap(({ policy }) =>
      policy === undefined ? [] : [encodeResource(authorizationCodec, policy)],
    ),
    ...[...collections.peerPolicies.values()].map((policy) => encodeResource(authorizationCodec, policy)),
    ...[
      ...collections.requestPolicies.values(),
      ...collections.requestAuthentications.values(),
      ...collections.meshResources.values(),
    ].map((resource) => encodeResource(waypointResourceCodec, resource)),
    ...[...collections.enrolments.values()].map(({ pod }) => encodeResource(enrolmentPodCodec, pod)),
  ];
  return resources.map(({ name, version }) => `${name} ${version}`).sort();
}
