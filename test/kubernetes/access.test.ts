import { type Test, test } from 'tap';
import { startController } from './support/controller-process.ts';
import { grantsOf, usesOf } from './support/grants.ts';
import { installMesh, kubeconfigWith, listOf, runPod, SYSTEM, tokenOf } from './support/installed-mesh.ts';
import { eventually, type Kubectl, kubectlOf } from './support/kubectl.ts';
import { openReporter } from './support/node-client.ts';
import { needsOwnCluster, startOwnCluster } from './support/own-cluster.ts';

const ACCOUNT = { namespace: SYSTEM, account: 'nodemesh-controller' };
const USER = `system:serviceaccount:${SYSTEM}:nodemesh-controller`;
const IN_SHOP = { namespace: 'shop' };

/** Objects whose status the controller writes. */
const OBJECTS = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...IN_SHOP, name: 'cart', labels: { 'istio.io/use-waypoint': 'waypoint' } },
    spec: { selector: { app: 'cart' }, ports: [{ port: 80 }] },
  },
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { ...IN_SHOP, name: 'waypoint' },
    spec: {
      gatewayClassName: 'nodemesh-waypoint',
      listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
    },
  },
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { ...IN_SHOP, name: 'cart' },
    spec: {
      parentRefs: [{ group: '', kind: 'Service', name: 'cart' }],
      rules: [{ backendRefs: [{ name: 'cart', port: 80 }] }],
    },
  },
  // A route for a service without a waypoint, which is worth an event.
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...IN_SHOP, name: 'plain' },
    spec: { selector: { app: 'plain' }, ports: [{ port: 80 }] },
  },
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { ...IN_SHOP, name: 'plain' },
    spec: {
      parentRefs: [{ group: '', kind: 'Service', name: 'plain' }],
      rules: [{ backendRefs: [{ name: 'plain', port: 80 }] }],
    },
  },
  {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { ...IN_SHOP, name: 'cart' },
    spec: {
      selector: { matchLabels: { app: 'cart' } },
      rules: [{ from: [{ source: { namespaces: ['shop'] } }] }],
    },
  },
  {
    apiVersion: 'nodemesh.io/v1alpha1',
    kind: 'RateLimit',
    metadata: { ...IN_SHOP, name: 'cart' },
    spec: {
      targetRefs: [{ kind: 'Service', name: 'cart' }],
      rules: [{ limits: [{ requests: 10 }] }],
    },
  },
];

test(
  'the rights that are shipped are what the controller needs, and no more',
  needsOwnCluster(),
  async (t) => {
    const cluster = await startOwnCluster(t);
    const kubectl = kubectlOf(cluster.kubeconfig);
    await installMesh(kubectl);
    const kubeconfig = await kubeconfigWith(kubectl, t.testdir({}), await tokenOf(kubectl, ACCOUNT));
    const controller = await startController(t, { kubeconfig, name: 'controller-a' });
    await eventually('it leads', controller.leads);

    await runPod(kubectl, { ...ofNode, namespace: SYSTEM, name: 'ztunnel-x', account: 'ztunnel' });
    await runPod(kubectl, { ...ofNode, namespace: 'shop', name: 'cart', account: 'cart' });
    await kubectl.must(['label', 'namespace', 'shop', 'istio.io/dataplane-mode=ambient']);
    const applied = await kubectl(['apply', '-f', '-'], listOf(OBJECTS));
    t.equal(applied.status, 0, applied.output);

    for (const [kind, name, path, wanted] of [
      ['gatewayclass', 'nodemesh-waypoint', CONDITIONS, /Accepted=True/],
      ['gateway', 'waypoint', CONDITIONS, /Accepted=True/],
      [
        'httproute',
        'cart',
        '{range .status.parents[*].conditions[*]}{.type}={.status} {end}',
        /Accepted=True/,
      ],
      ['authorizationpolicy', 'cart', CONDITIONS, /ZtunnelAccepted=True/],
      ['ratelimit', 'cart', CONDITIONS, /Accepted=True/],
      ['service', 'cart', CONDITIONS, /WaypointBound=/],
    ] as const)
      await shows(t, kubectl, [kind, name, '-n', 'shop', '-o', `jsonpath=${path}`], wanted);

    const node = { address: controller.grpc, name: 'node-1', ztunnel: 'ztunnel-x' };
    const reportCaptured = await openReporter(t, kubectl, node);
    await reportCaptured('shop', 'cart');
    await shows(
      t,
      kubectl,
      ['pod', 'cart', '-n', 'shop', '-o', 'jsonpath={.metadata.annotations}'],
      /redirection":"enabled/,
    );

    for (const kind of WAYPOINT_KINDS)
      await shows(t, kubectl, [kind, '-n', 'shop', '-o', 'name'], /\/waypoint/);
    // What a deleted Gateway owned a cluster's garbage collector removes, which is not here; what is not ours any more we do.
    const foreign = JSON.stringify({ spec: { gatewayClassName: 'somebody-elses' } });
    await kubectl.must(['patch', 'gateway', 'waypoint', '-n', 'shop', '--type=merge', '-p', foreign]);
    for (const kind of WAYPOINT_KINDS)
      await shows(t, kubectl, [kind, '-n', 'shop', '-o', 'name'], /^(?![\s\S]*\/waypoint)/);
    await shows(
      t,
      kubectl,
      ['events', '-n', 'shop', '-o', 'jsonpath={.items[*].source.component}'],
      /nodemesh-controller/,
    );
    await shows(
      t,
      kubectl,
      ['configmap', 'nodemesh-root-cert', '-n', SYSTEM, '-o', 'jsonpath={.data}'],
      /BEGIN CERTIFICATE/,
    );
    const bundle = 'jsonpath={.webhooks[0].clientConfig.caBundle}';
    await shows(t, kubectl, ['validatingwebhookconfiguration', 'nodemesh', '-o', bundle], /^LS0t/);
    t.match(await controller.metrics(), /^nodemesh_controller_manifest_problems\{severity="error"\} 0$/m);
    t.equal(await controller.stop(), 0);

    const requests = await cluster.requestsOf(USER);
    t.same(
      requests
        .filter(({ responseStatus: { code } }) => code === 403)
        .map(({ verb, requestURI }) => `${verb} ${requestURI}`),
      [],
      'nothing was forbidden',
    );
    const granted = await grantsOf(kubectl);
    const used = usesOf(requests);
    const unused = granted.filter(
      (grant) => !used.has(grant) && !NOT_SEEN_HERE.some((one) => one.test(grant)),
    );
    t.same(unused, [], 'what is granted is used');
  },
);

/** Rights whose use this test does not bring about, and what they are for. */
const NOT_SEEN_HERE: readonly RegExp[] = [
  // To apply what is not there yet: the audit log calls it a patch.
  /^create (deployments|services|serviceaccounts)\./,
  // Waypoints that scale, or that say how many may be disrupted.
  /^\w+ (horizontalpodautoscalers\.autoscaling|poddisruptionbudgets\.policy)$/,
  // An object is read before its status or an event of it is written; there are none of these kinds here.
  /^get (pods\.|endpointslices\.discovery\.k8s\.io)$/,
  /^(get|patch) \w+(\/status)?\.(gateway\.networking\.(x-)?k8s\.io|nodemesh\.io|security\.istio\.io|telemetry\.istio\.io)$/,
  // The same event once more.
  /^(get|patch) events\.$/,
  // Rotation of the webhook's certificate.
  /^update secrets\. nodemesh-webhook in nodemesh-system$/,
];

const REFUSED: readonly (readonly [namespace: string, ...what: readonly string[]])[] = [
  ...['list', 'watch', 'patch', 'update', 'delete'].map(
    (verb) => [SYSTEM, verb, 'secrets/nodemesh-ca'] as const,
  ),
  ...['list', 'watch', 'update', 'delete'].map(
    (verb) => [SYSTEM, verb, 'secrets/nodemesh-authority'] as const,
  ),
  [SYSTEM, 'list', 'secrets'],
  [SYSTEM, 'get', 'secrets/of-somebody'],
  [SYSTEM, 'update', 'leases.coordination.k8s.io/of-somebody'],
  ...['get', 'list', 'watch', 'create', 'patch'].map((verb) => ['shop', verb, 'secrets'] as const),
  // It makes pods by Deployments alone, and looks into none.
  ...['create', 'delete', 'patch', 'update'].map((verb) => ['shop', verb, 'pods'] as const),
  ['shop', 'create', 'pods', '--subresource=exec'],
  ['shop', 'create', 'pods', '--subresource=ephemeralcontainers'],
  ['shop', 'get', 'pods', '--subresource=log'],
  ['shop', 'create', 'serviceaccounts', '--subresource=token'],
  // What it reads is others' to change.
  ...[
    'namespaces',
    'nodes',
    'authorizationpolicies.security.istio.io',
    'gateways.gateway.networking.k8s.io',
  ].map((kind) => ['shop', 'patch', kind] as const),
  ['shop', 'patch', 'nodes', '--subresource=status'],
  // And it gives itself nothing.
  ...['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings'].flatMap((kind) =>
    ['create', 'patch', 'bind', 'escalate'].map((verb) => ['shop', verb, kind] as const),
  ),
  ['shop', 'impersonate', 'users'],
  ['shop', 'patch', 'customresourcedefinitions.apiextensions.k8s.io'],
  ['shop', 'patch', 'validatingwebhookconfigurations.admissionregistration.k8s.io/of-somebody'],
  ['shop', 'create', 'validatingwebhookconfigurations.admissionregistration.k8s.io'],
  ['shop', 'create', 'mutatingwebhookconfigurations.admissionregistration.k8s.io'],
];

const ofNode = { node: 'node-1', address: '10.1.0.9' };
const CONDITIONS = '{range .status.conditions[*]}{.type}={.status} {end}';
const WAYPOINT_KINDS = ['deployment', 'service', 'serviceaccount', 'configmap'];

async function shows(t: Test, kubectl: Kubectl, what: readonly string[], wanted: RegExp): Promise<void> {
  let output = '';
  await eventually(
    `${what.join(' ')}: ${wanted.source}`,
    async () => {
      output = (await kubectl(['get', ...what])).output;
      return wanted.test(output);
    },
    () => output,
  );
  t.match(output, wanted, what.slice(0, 2).join(' '));
}

test('what the controller has no business with it may not do', needsOwnCluster(), async (t) => {
  const cluster = await startOwnCluster(t);
  const kubectl = kubectlOf(cluster.kubeconfig);
  await installMesh(kubectl);
  for (const [namespace, ...what] of REFUSED) {
    const { stdout } = await kubectl(['auth', 'can-i', ...what, '-n', namespace, '--as', USER]);
    t.equal(stdout.trim(), 'no', `${what.join(' ')} in ${namespace}`);
  }
  const { stdout } = await kubectl([
    'auth',
    'can-i',
    'get',
    'secrets/nodemesh-ca',
    '-n',
    SYSTEM,
    '--as',
    USER,
  ]);
  t.equal(stdout.trim(), 'yes', 'the question can be answered with yes');
});
