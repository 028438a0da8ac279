import fc from 'fast-check';
import { test } from 'tap';
import { stringify } from 'yaml';
import { analyze, readAnalysedManifest } from '../../src/controller/index.ts';
import { SETTINGS } from '../controller/analysis/support.ts';

const KINDS = [
  ...['Namespace', 'Pod', 'Service', 'ServiceAccount', 'Secret', 'ConfigMap', 'Node'].map((kind) => [
    'v1',
    kind,
  ]),
  ...['Deployment', 'StatefulSet', 'DaemonSet'].map((kind) => ['apps/v1', kind]),
  ...['Job', 'CronJob'].map((kind) => ['batch/v1', kind]),
  ['networking.k8s.io/v1', 'NetworkPolicy'],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
  ...['VirtualService', 'DestinationRule', 'Gateway', 'ServiceEntry', 'Sidecar', 'EnvoyFilter'].map(
    (kind) => ['networking.istio.io/v1', kind],
  ),
  ...['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication'].map((kind) => [
    'security.istio.io/v1',
    kind,
  ]),
  ['telemetry.istio.io/v1', 'Telemetry'],
  ...['Gateway', 'GatewayClass', 'HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'ReferenceGrant'].map(
    (kind) => ['gateway.networking.k8s.io/v1', kind],
  ),
  ...['RateLimit', 'FaultInjection', 'Filter', 'TrafficPolicy'].map((kind) => ['nodemesh.io/v1alpha1', kind]),
] as const;

/** Field names that analyzers look at, so that random objects get past the first look. */
const NAMES = (
  'selector matchLabels rules from to source operation when key values principals namespaces targetRefs targetRef kind name ' +
  'namespace group hosts host http tls tcp match uri prefix headers route destination subset subsets labels port ports number ' +
  'protocol servers listeners credentialName mode trafficPolicy portLevelSettings exportTo gateways mirror mirrors addresses ' +
  'workloadSelector accessLogging tracing providers conditions type status reason parents parentRefs backendRefs template spec ' +
  'metadata containers securityContext runAsUser readinessProbe httpGet podSelector policyTypes ingress egress ipBlock cidr ' +
  'except endPort targetPort appProtocol clusterIP mtls portLevelMtls jwtRules action hostNetwork data'
).split(' ');

const leaf = fc.oneof(
  fc.constantFrom(
    '*',
    '*.example.com',
    'cart',
    'shop',
    'STRICT',
    'SIMPLE',
    'DENY',
    'None',
    '(',
    'UDP',
    '__proto__',
    '',
  ),
  fc.integer({ min: -1, max: 70_000 }),
  fc.boolean(),
  fc.constant(null),
  fc.string({ maxLength: 12 }),
);
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6, depthSize: 'medium' },
    leaf,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie('tree'), { maxKeys: 5 }),
  ),
}));
const labels = fc.dictionary(
  fc.constantFrom(
    'app',
    'istio.io/dataplane-mode',
    'istio.io/use-waypoint',
    'gateway.networking.k8s.io/gateway-name',
  ),
  fc.constantFrom('cart', 'ambient', 'none', ''),
);
const object = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    labels: fc.oneof(labels, leaf),
    spec: tree,
    status: tree,
    annotations: tree,
  })
  .map(({ kind: [apiVersion, kind], labels: all, spec, status, annotations }) => ({
    apiVersion,
    kind,
    metadata: { name: 'cart', namespace: 'shop', labels: all, annotations },
    spec,
    status,
  }));

test('no objects make an analyzer throw, and the same ones give the same findings', async (t) => {
  fc.assert(
    fc.property(fc.array(object, { maxLength: 12 }), fc.boolean(), (objects, complete) => {
      const text = objects.map((one) => stringify(one)).join('---\n');
      const read = (): readonly string[] =>
        analyze(readAnalysedManifest('fuzz.yaml', text).objects, { settings: { ...SETTINGS, complete } }).map(
          ({ definition, text: said }) => `${definition.code} ${said}`,
        );
      const found = read();
      if (JSON.stringify(found) !== JSON.stringify(read()))
        throw new Error('two answers to the same question');
    }),
    { numRuns: 300 },
  );
  t.pass('300 sets of objects');
});

test('no text makes the reader throw', async (t) => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 200 }),
        fc
          .array(
            fc.constantFrom(
              'a: ',
              '- ',
              '&x ',
              '*x',
              '{',
              '}',
              '[',
              '\n',
              '  ',
              '---\n',
              '"',
              '!!binary ',
              'kind: List\n',
            ),
            {
              maxLength: 40,
            },
          )
          .map((parts) => parts.join('')),
      ),
      (text) => {
        analyze(readAnalysedManifest('fuzz.yaml', text).objects, { settings: SETTINGS });
      },
    ),
    { numRuns: 500 },
  );
  t.pass('500 texts');
  const deep = `apiVersion: v1\nkind: Pod\nmetadata: {name: deep}\nspec: ${'['.repeat(3000)}${']'.repeat(3000)}`;
  t.same(
    readAnalysedManifest('deep.yaml', deep).findings.map(({ definition }) => definition.code),
    ['NM0001'],
  );
});
