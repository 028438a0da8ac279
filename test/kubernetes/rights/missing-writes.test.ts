import { type Test, test } from 'tap';
import { type ControllerProcess, startController } from '../support/controller-process.ts';
import { openControllerRoles } from '../support/controller-roles.ts';
import { installMesh, kubeconfigWith, listOf, runPod, SYSTEM, tokenOf } from '../support/installed-mesh.ts';
import { eventually, type Kubectl, kubectlOf } from '../support/kubectl.ts';
import { openReporter } from '../support/node-client.ts';
import { needsOwnCluster, startOwnCluster } from '../support/own-cluster.ts';

/** A right, what needs it, and how it shows that the right was there; in a namespace of its own. */
interface Case {
  readonly right: string;
  /** As the log spells it. */
  readonly said: string;
  readonly objects: (namespace: string) => readonly object[];
  /** What `kubectl get` prints once it is written. */
  readonly shows: { readonly what: readonly string[]; readonly wanted: RegExp };
  /** After the objects are there and before the right is taken. */
  readonly before?: (kubectl: Kubectl, namespace: string) => Promise<void>;
  readonly needing?: (kubectl: Kubectl, namespace: string) => Promise<void>;
}

const GATEWAY_API = 'gateway.networking.k8s.io';
const CONDITIONS = 'jsonpath={range .status.conditions[*]}{.type}={.status} {end}';

const gateway = (namespace: string) => ({
  apiVersion: `${GATEWAY_API}/v1`,
  kind: 'Gateway',
  metadata: { namespace, name: 'waypoint' },
  spec: {
    gatewayClassName: 'nodemesh-waypoint',
    listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
  },
});
const service = (namespace: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace, name: 'cart', labels: { 'istio.io/use-waypoint': 'waypoint' } },
  spec: { selector: { app: 'cart' }, ports: [{ port: 80 }] },
});
const route = (namespace: string) => ({
  apiVersion: `${GATEWAY_API}/v1`,
  kind: 'HTTPRoute',
  metadata: { namespace, name: 'cart' },
  spec: {
    parentRefs: [{ group: '', kind: 'Service', name: 'cart' }],
    rules: [{ backendRefs: [{ name: 'cart', port: 80 }] }],
  },
});
const policy = (namespace: string) => ({
  apiVersion: 'security.istio.io/v1',
  kind: 'AuthorizationPolicy',
  metadata: { namespace, name: 'cart' },
  spec: {
    selector: { matchLabels: { app: 'cart' } },
    rules: [{ from: [{ source: { namespaces: [namespace] } }] }],
  },
});
const deploys = {
  what: ['deployment,service,configmap', '-o', 'name'],
  wanted: /^(?=[\s\S]*deployment.apps\/waypoint)(?=[\s\S]*service\/waypoint)(?=[\s\S]*configmap\/waypoint)/,
};

const CASES: readonly Case[] = [
  {
    right: 'patch services/status.',
    said: 'patch services/status',
    objects: (namespace) => [service(namespace)],
    shows: { what: ['service', 'cart', '-o', CONDITIONS], wanted: /WaypointBound=/ },
  },
  {
    right: 'get services.',
    said: 'get services',
    objects: (namespace) => [service(namespace)],
    shows: { what: ['service', 'cart', '-o', CONDITIONS], wanted: /WaypointBound=/ },
  },
  {
    right: `patch httproutes/status.${GATEWAY_API}`,
    said: `patch httproutes/status.${GATEWAY_API}`,
    objects: (namespace) => [service(namespace), route(namespace)],
    shows: {
      what: ['httproute', 'cart', '-o', 'jsonpath={.status.parents[*].conditions[*].type}'],
      wanted: /Accepted/,
    },
  },
  {
    right: 'create deployments.apps',
    said: 'create deployments.apps',
    objects: (namespace) => [gateway(namespace)],
    shows: deploys,
  },
  {
    right: 'patch configmaps.',
    said: 'patch configmaps',
    objects: (namespace) => [gateway(namespace)],
    shows: deploys,
  },
  {
    right: 'delete deployments.apps',
    said: 'delete deployments.apps',
    objects: (namespace) => [gateway(namespace)],
    async before(kubectl, namespace) {
      await eventually('a waypoint', async () =>
        deploys.wanted.test((await kubectl(['get', ...deploys.what, '-n', namespace])).output),
      );
    },
    async needing(kubectl, namespace) {
      const foreign = JSON.stringify({ spec: { gatewayClassName: 'somebody-elses' } });
      await kubectl.must(['patch', 'gateway', 'waypoint', '-n', namespace, '--type=merge', '-p', foreign]);
    },
    shows: { what: ['deployment', '-o', 'name'], wanted: /^$/ },
  },
];

test(
  'a right to write that is missing is said once; everything else goes on, and when it is given so does this',
  needsOwnCluster(),
  async (t) => {
    const { kubeconfig } = await startOwnCluster(t);
    const kubectl = kubectlOf(kubeconfig);
    await installMesh(kubectl);
    const roles = await openControllerRoles(kubectl);
    const token = await tokenOf(kubectl, { namespace: SYSTEM, account: 'nodemesh-controller' });
    const controller = await startController(t, {
      kubeconfig: await kubeconfigWith(kubectl, t.testdir({}), token),
      name: 'controller-a',
    });
    await eventually('it leads', controller.leads);
    const ofNode = { node: 'node-1', address: '10.1.0.9' };
    await runPod(kubectl, { ...ofNode, namespace: SYSTEM, name: 'ztunnel-x', account: 'ztunnel' });
    const node = { address: controller.grpc, name: 'node-1', ztunnel: 'ztunnel-x' };
    const reportCaptured = await openReporter(t, kubectl, node);
    const ofPods: Case = {
      right: 'patch pods/status.',
      said: 'patch pods/status',
      objects: () => [],
      async before(_, namespace) {
        await runPod(kubectl, { ...ofNode, namespace, name: 'cart', account: 'cart' });
        await kubectl.must(['label', 'namespace', namespace, 'istio.io/dataplane-mode=ambient']);
      },
      needing: (_, namespace) => reportCaptured(namespace, 'cart'),
      shows: {
        what: ['pod', 'cart', '-o', 'jsonpath={.metadata.annotations}'],
        wanted: /redirection":"enabled/,
      },
    };
    for (const [index, one] of [...CASES, ofPods].entries()) {
      const namespace = `shop-${index}`;
      await kubectl.must(['create', 'namespace', namespace]);
      await t.test(one.right, (sub) => missOne(sub, one, { kubectl, roles, controller, namespace }));
    }
    t.equal(await controller.stop(), 0);
  },
);

async function missOne(
  t: Test,
  { right, said, objects, before, needing, shows: { what, wanted } }: Case,
  world: {
    readonly kubectl: Kubectl;
    readonly roles: Awaited<ReturnType<typeof openControllerRoles>>;
    readonly controller: ControllerProcess;
    readonly namespace: string;
  },
): Promise<void> {
  const { kubectl, roles, controller, namespace } = world;
  const shown = async (one: readonly string[], pattern: RegExp): Promise<boolean> =>
    pattern.test((await kubectl(['get', ...one, '-n', namespace])).stdout);
  const apply = (list: readonly object[]) => kubectl.must(['apply', '-f', '-'], listOf(list));
  const since = controller.log.length;
  const lines = () => controller.log.slice(since);
  const missing = () => lines().filter(({ message }) => message.startsWith('a right is missing'));

  if (before !== undefined) {
    if (objects(namespace).length > 0) await apply(objects(namespace));
    await before(kubectl, namespace);
  }
  await roles.take(right);
  if (before === undefined) await apply(objects(namespace));
  await needing?.(kubectl, namespace);
  await eventually(
    'it is said',
    () => missing().length > 0,
    () => JSON.stringify(lines()),
  );
  await apply([policy(namespace)]);
  await eventually('a policy gets its status all the same', () =>
    shown(['authorizationpolicy', 'cart', '-o', CONDITIONS], /ZtunnelAccepted=True/),
  );
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  t.match(missing(), [
    { level: 'error', right: said, 'error.hint': /^a role of whoever asks needs \{apiGroups/ },
  ]);
  t.equal(missing().length, 1, 'said once');
  t.same(
    lines().filter(({ level, message }) => level !== 'info' && !message.startsWith('a right is missing')),
    [],
    'and nothing else',
  );
  t.notOk(await shown(what, wanted), 'what it is for is not done');
  await roles.giveBack();
  await eventually(
    'what it is for is done',
    () => shown(what, wanted),
    () => JSON.stringify(lines()),
  );
  await eventually('that is said', () =>
    lines().some(({ message }) => message === 'a right that was missing has been given'),
  );
}
