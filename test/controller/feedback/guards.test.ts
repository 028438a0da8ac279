import { test } from 'tap';
import { stringify } from 'yaml';
import { createMeshCollections, type MeshCollections } from '../../../src/controller/collections/index.ts';
import { noticeMeshConfig, writeGuardStatus } from '../../../src/controller/feedback/index.ts';
import { formatIssue, inspectObject, objectKindOf } from '../../../src/controller/objects/index.ts';
import type { ObjectNotice, ObjectStatus } from '../../../src/controller/sink/index.ts';
import type { WaypointResource } from '../../../src/model/index.ts';
import { CONFORMANCE_SETTINGS } from '../support/settings.ts';

const GATEWAY_API = 'gateway.networking.k8s.io/v1';
const SECURITY = 'security.istio.io/v1';

function meta(name: string, namespace = 'shop', more: Readonly<Record<string, unknown>> = {}) {
  return { metadata: { name, namespace, generation: 3, ...more } };
}
const service = (name: string, labels = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  ...meta(name, 'shop', { labels }),
  spec: { clusterIP: '10.96.0.1', ports: [{ port: 80 }] },
});
const gateway = (name: string, className = 'istio-waypoint') => ({
  apiVersion: GATEWAY_API,
  kind: 'Gateway',
  ...meta(name),
  spec: { gatewayClassName: className, listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }] },
});
const policy = (spec: unknown, namespace = 'shop') => ({
  apiVersion: SECURITY,
  kind: 'AuthorizationPolicy',
  ...meta('p', namespace),
  spec,
});
const authentication = (spec: unknown) => ({
  apiVersion: SECURITY,
  kind: 'RequestAuthentication',
  ...meta('a'),
  spec,
});
const meshConfig = (config: unknown, name = 'istio') => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  ...meta(name, 'istio-system'),
  data: { mesh: stringify(config) },
});
const target = (kind: string, name: string) => ({
  group: kind === 'Service' ? '' : 'gateway.networking.k8s.io',
  kind,
  name,
});

function apply(collections: MeshCollections, ...values: readonly unknown[]): void {
  collections.apply(
    values.map((value) => {
      const kind = objectKindOf(value);
      if (kind === undefined) throw new Error('a kind that is not read');
      const { object, issues } = inspectObject(kind, value);
      return { type: 'upsert', object, faults: issues.map(formatIssue) };
    }),
  );
}

function meshOf(...values: readonly unknown[]): MeshCollections {
  const collections = createMeshCollections(CONFORMANCE_SETTINGS);
  apply(collections, ...values);
  return collections;
}

const attachmentsOf = (resource: WaypointResource | undefined) =>
  resource?.kind === 'authorization' ? resource.policy.attachments : undefined;
const CART = { kind: 'service', service: 'shop/cart.shop.svc.domain.suffix', port: undefined };

test('a policy is attached to what its targetRefs name, whether that is there or not', async (t) => {
  const mesh = meshOf(
    policy({ targetRefs: [target('Service', 'cart'), target('Gateway', 'waypoint')], rules: [{}] }),
  );
  t.same(attachmentsOf(mesh.requestPolicies.get('AuthorizationPolicy/shop/p')), [
    CART,
    { kind: 'gateway', gateway: 'shop/waypoint' },
  ]);
  t.equal(mesh.policies.get('shop/p')?.policy, undefined, 'node proxies have nothing to do with it');
});

test('a policy for a GatewayClass is for all its waypoints, from the root namespace alone', async (t) => {
  const spec = { targetRefs: [target('GatewayClass', 'istio-waypoint')], rules: [{}] };
  const root = meshOf(policy(spec, 'istio-system'));
  t.same(attachmentsOf(root.requestPolicies.get('AuthorizationPolicy/istio-system/p')), [
    { kind: 'waypoints', className: 'istio-waypoint' },
  ]);
  t.match(root.policyOutcomes.get('istio-system/p')?.condition, { status: 'True', reason: 'Accepted' });
  const other = meshOf(policy(spec));
  t.equal(other.requestPolicies.size, 0);
  t.match(other.policyOutcomes.get('shop/p')?.condition, {
    status: 'False',
    reason: 'Invalid',
    message: /root namespace/,
  });
});

const BOUND = { 'istio.io/use-waypoint': 'waypoint' };
const CONDITIONS: readonly (readonly [string, readonly unknown[], readonly unknown[], object])[] = [
  [
    'bound to a waypoint',
    [target('Service', 'cart')],
    [service('cart', BOUND), gateway('waypoint')],
    { status: 'True', reason: 'Accepted', message: 'bound to shop/waypoint' },
  ],
  [
    'not bound',
    [target('Service', 'cart')],
    [service('cart'), gateway('waypoint')],
    { status: 'False', reason: 'AncestorNotBound', message: 'Service shop/cart is not bound to a waypoint' },
  ],
  [
    'bound to what is not there',
    [target('Service', 'cart')],
    [service('cart', BOUND)],
    { status: 'False', reason: 'AncestorNotBound' },
  ],
  [
    'not there',
    [target('Service', 'cart')],
    [],
    { status: 'False', reason: 'TargetNotFound', message: 'Service shop/cart was not found' },
  ],
  [
    'a waypoint',
    [target('Gateway', 'waypoint')],
    [gateway('waypoint')],
    { status: 'True', reason: 'Accepted' },
  ],
  [
    'a Gateway of somebody else',
    [target('Gateway', 'edge')],
    [gateway('edge', 'other')],
    { status: 'False', reason: 'TargetNotFound' },
  ],
  [
    'one that is there and one that is not',
    [target('Gateway', 'waypoint'), target('Service', 'x')],
    [gateway('waypoint')],
    { status: 'True', reason: 'PartiallyInvalid', message: /Invalid targetRefs: Service\.core:shop\/x/ },
  ],
  [
    'nothing that policies are for',
    [{ group: 'apps', kind: 'Deployment', name: 'x' }],
    [],
    { status: 'False', reason: 'Invalid', message: /Deployment of the group "apps"/ },
  ],
];
for (const [what, targetRefs, others, expected] of CONDITIONS) {
  test(`the author of a policy whose target is ${what} is told`, async (t) => {
    const mesh = meshOf(policy({ targetRefs, rules: [{}] }), ...others);
    t.match(mesh.policyOutcomes.get('shop/p')?.condition, expected);
    const tokens = { jwtRules: [{ issuer: 'i', jwks: '{"keys":[]}' }] };
    const same = meshOf(authentication({ targetRefs, ...tokens }), ...others);
    t.match(same.authenticationOutcomes.get('shop/a')?.condition, expected);
  });
}

test('a policy that cannot be read refuses what it is attached to, and all in its namespace where that cannot be told', async (t) => {
  const broken = { targetRefs: [target('Service', 'cart')], rules: [{ form: [] }] };
  const mesh = meshOf(policy(broken), service('cart'), service('pay'), gateway('waypoint'));
  t.match(mesh.requestPolicies.get('AuthorizationPolicy/shop/p'), {
    policy: { action: { kind: 'deny' }, rules: [{}], attachments: [CART], notUnderstood: /^spec\.rules/ },
  });
  t.match(mesh.policyOutcomes.get('shop/p')?.condition, {
    status: 'False',
    reason: 'Invalid',
    message: /refused.*spec\.rules/,
  });
  t.equal(mesh.policies.get('shop/p')?.policy, undefined);
  apply(mesh, policy({ targetRefs: [{ group: '', kind: 'Service' }], rules: [{}] }));
  const reach = attachmentsOf(mesh.requestPolicies.get('AuthorizationPolicy/shop/p'));
  t.match(reach?.slice(-3), [
    { kind: 'gateway', gateway: 'shop/waypoint' },
    { kind: 'service', service: /^shop\/cart/ },
    { kind: 'service', service: /^shop\/pay/ },
  ]);
});

test('an authentication that cannot be understood refuses what it is attached to', async (t) => {
  const targetRefs = [target('Service', 'cart')];
  for (const rule of [
    { issuer: 'i', jwks: 'no json' },
    { issuer: 'not-a-url' },
    { issuer: 'i', jwksUri: 'ftp://x' },
    { issuer: 'i', jwks: '{"keys":[]}', unknown: 1 },
  ]) {
    const mesh = meshOf(authentication({ targetRefs, jwtRules: [rule] }));
    t.match(mesh.requestAuthentications.get('RequestAuthentication/shop/a'), {
      kind: 'authorization',
      policy: {
        key: 'shop/RequestAuthentication:a',
        action: { kind: 'deny' },
        attachments: [CART],
        notUnderstood: /spec/,
      },
    });
    t.match(mesh.authenticationOutcomes.get('shop/a')?.condition, { status: 'False', reason: 'Invalid' });
  }
});

test('an authentication without targetRefs says that it does nothing', async (t) => {
  const mesh = meshOf(authentication({ jwtRules: [{ issuer: 'i', jwks: '{"keys":[]}' }] }));
  t.equal(mesh.requestAuthentications.size, 0);
  t.match(mesh.authenticationOutcomes.get('shop/a')?.condition, {
    status: 'False',
    message: /has no effect/,
  });
});

const OPA = {
  name: 'opa',
  envoyExtAuthzGrpc: {
    service: 'opa.security.svc.domain.suffix',
    port: 9000,
    timeout: '1.5s',
    failOpen: true,
  },
};
const OAUTH = {
  name: 'oauth',
  envoyExtAuthzHttp: {
    service: 'security/oauth.security.svc.domain.suffix',
    port: '8080',
    includeRequestHeadersInCheck: ['Cookie', 'x-*'],
    statusOnError: '503',
  },
};

test('MeshConfig says who can be asked, and what is normalized', async (t) => {
  const http = { ...OAUTH, envoyExtAuthzHttp: { ...OAUTH.envoyExtAuthzHttp, port: 8080 } };
  const mesh = meshOf(
    meshConfig({
      extensionProviders: [OPA, http, { name: 'zipkin', zipkin: { service: 'x' } }],
      pathNormalization: { normalization: 'MERGE_SLASHES' },
      trustDomainAliases: ['old'],
      defaultConfig: {},
    }),
  );
  t.match(mesh.meshResources.get('Authorizer/istio-system/opa'), {
    authorizer: {
      service: 'security/opa.security.svc.domain.suffix',
      port: 9000,
      protocol: { kind: 'grpc' },
      timeoutMs: 1_500,
      failOpen: true,
      statusOnError: 403,
    },
  });
  t.match(mesh.meshResources.get('Authorizer/istio-system/oauth'), {
    authorizer: {
      service: 'security/oauth.security.svc.domain.suffix',
      statusOnError: 503,
      protocol: {
        includeHeaders: [
          { kind: 'exact', value: 'cookie' },
          { kind: 'prefix', value: 'x-' },
        ],
      },
    },
  });
  t.match(mesh.meshResources.get('WaypointSettings/istio-system/istio'), {
    settings: { pathNormalization: 'merge-slashes' },
  });
  t.equal(mesh.meshResources.size, 3, 'a provider of another kind is nobody to ask');
});

test('a MeshConfig of ours wins over Istio’s, and one elsewhere counts for nothing', async (t) => {
  const elsewhere = { ...meshConfig({ extensionProviders: [OPA] }), ...meta('istio', 'shop') };
  const mesh = meshOf(elsewhere, meshConfig({ extensionProviders: [OPA] }));
  t.equal(mesh.meshConfig.get('mesh')?.name, 'istio');
  apply(mesh, meshConfig({}, 'nodemesh'));
  t.equal(mesh.meshConfig.get('mesh')?.name, 'nodemesh');
  t.same(
    [...mesh.meshResources.values()].map(({ kind }) => kind),
    ['settings'],
  );
  mesh.apply([{ type: 'delete', kind: 'ConfigMap', key: 'istio-system/nodemesh' }]);
  t.ok(mesh.meshResources.get('Authorizer/istio-system/opa'));
});

test('what is wrong within MeshConfig is told by its place', async (t) => {
  const of = (value: unknown) => {
    const { object, issues } = inspectObject('ConfigMap', value);
    return { object, issues: issues.map(formatIssue).join('; ') };
  };
  const port = of(meshConfig({ extensionProviders: [OAUTH] }));
  t.match(
    port.issues,
    /data\.mesh\.extensionProviders\[0\]\.envoyExtAuthzHttp\.port: expected a whole number/,
  );
  t.match(
    of(meshConfig({ extensionProviders: [OPA, OPA] })).issues,
    /\[1\]\.name: expected a name that no other/,
  );
  t.match(of({ ...meshConfig({}), data: { mesh: 'a: [' } }).issues, /data\.mesh: expected YAML/);
  t.match(
    of(meshConfig({ trustDomainAliases: ['A b'] })).issues,
    /trustDomainAliases\[0\]: expected a trust domain/,
  );
  t.match(
    of(meshConfig({ pathNormalization: { normalization: 'X' } })).issues,
    /expected one of DEFAULT, NONE/,
  );
  t.equal(
    of({ ...meshConfig({}), data: { mesh: 'a: [' }, ...meta('other') }).issues,
    '',
    'no MeshConfig at all',
  );
});

test('a CUSTOM policy comes into force when its authorizer is there, and refuses until then', async (t) => {
  const custom = policy({
    targetRefs: [target('Service', 'cart')],
    action: 'CUSTOM',
    provider: { name: 'opa' },
    rules: [{}],
  });
  const mesh = meshOf(custom);
  const actionOf = () => {
    const resource = mesh.requestPolicies.get('AuthorizationPolicy/shop/p');
    return resource?.kind === 'authorization' ? resource.policy.action : undefined;
  };
  t.same(actionOf(), { kind: 'deny' });
  apply(mesh, meshConfig({ extensionProviders: [OPA] }));
  t.same(actionOf(), { kind: 'custom', provider: 'opa' });
});

test('conditions follow what they are about, and are taken back with the targetRefs', async (t) => {
  const mesh = createMeshCollections(CONFORMANCE_SETTINGS);
  const written: ObjectStatus[] = [];
  const forgotten: string[] = [];
  const events: string[] = [];
  const stop = writeGuardStatus(mesh, {
    setStatus: (status) => written.push(status),
    forgetStatus: ({ name }) => forgotten.push(name),
    recordEvent: ({ type, reason, name }) => events.push(`${type} ${name} ${reason}`),
  });
  apply(mesh, policy({ targetRefs: [target('Service', 'cart')], rules: [{}] }));
  t.match(written.at(-1), {
    kind: 'AuthorizationPolicy',
    namespace: 'shop',
    name: 'p',
    conditions: [
      { type: 'WaypointAccepted', status: 'False', reason: 'TargetNotFound', observedGeneration: 3 },
    ],
  });
  t.same(events, ['Warning p TargetNotFound']);
  apply(mesh, service('cart', BOUND), gateway('waypoint'));
  t.match(written.at(-1), { conditions: [{ status: 'True', reason: 'Accepted' }] });
  t.equal(events.length, 1, 'all is well');
  apply(mesh, policy({ rules: [{}] }));
  t.match(written.at(-1), { withdrawnConditions: ['WaypointAccepted'] });
  const before = written.length;
  apply(mesh, policy({ rules: [{}, {}] }));
  t.equal(written.length, before, 'of a policy that is not for waypoints nothing is said');
  mesh.apply([{ type: 'delete', kind: 'AuthorizationPolicy', key: 'shop/p' }]);
  t.same(forgotten, ['p']);
  stop();
});

test('fields of MeshConfig that nobody reads are told once', async (t) => {
  const mesh = createMeshCollections(CONFORMANCE_SETTINGS);
  const events: ObjectNotice[] = [];
  const stop = noticeMeshConfig(mesh, { recordEvent: (event) => events.push(event) }, 'istio-system');
  apply(mesh, meshConfig({ defaultServiceExportTo: [], defaultConfig: {}, enableTracing: true }));
  apply(mesh, meshConfig({ defaultServiceExportTo: [{}], defaultConfig: { tracing: { sampling: 3 } } }));
  t.equal(events.length, 1);
  t.match(events[0], {
    kind: 'ConfigMap',
    name: 'istio',
    type: 'Normal',
    message: /: defaultServiceExportTo$/,
  });
  apply(mesh, meshConfig({ defaultConfig: { concurrency: 2, tracing: { sampling: 3, zipkin: {} } } }));
  t.match(events[1], { message: /: defaultConfig\.concurrency, defaultConfig\.tracing\.zipkin$/ });
  stop();
});
