import { test } from 'tap';
import { type ControllerProcess, startController } from './support/controller-process.ts';
import { installMesh, kubeconfigWith, listOf, runPod, SYSTEM, tokenOf } from './support/installed-mesh.ts';
import { eventually, kubectlOf } from './support/kubectl.ts';
import { openReporter } from './support/node-client.ts';
import { needsOwnCluster, startOwnCluster } from './support/own-cluster.ts';

const ROUTE_STATUS = 'jsonpath={.status.parents[*].conditions[?(@.type=="Accepted")].status}';
const CONDITIONS = 'jsonpath={.status.conditions[?(@.type=="Accepted")].status}';
const ANNOTATIONS = 'jsonpath={.metadata.annotations.ambient\\.istio\\.io/redirection}';

test(
  'the leader is killed: another one takes the Lease and goes on writing, and who comes back follows',
  needsOwnCluster(),
  async (t) => {
    const { kubeconfig } = await startOwnCluster(t);
    const kubectl = kubectlOf(kubeconfig);
    await installMesh(kubectl);
    const token = await tokenOf(kubectl, { namespace: SYSTEM, account: 'nodemesh-controller' });
    const ofController = await kubeconfigWith(kubectl, t.testdir({}), token);
    const start = (name: string) => startController(t, { kubeconfig: ofController, name });
    const [first, second] = [await start('controller-a'), await start('controller-b')];
    const holder = async (): Promise<string> =>
      await kubectl.must([
        ...['get', 'lease', 'nodemesh-controller', '-n', SYSTEM],
        ...['-o', 'jsonpath={.spec.holderIdentity}'],
      ]);
    await eventually('somebody leads', () => first.leads() || second.leads());
    t.not(first.leads(), second.leads(), 'one of them');
    const [leader, follower] = first.leads() ? [first, second] : [second, first];
    t.match(await holder(), new RegExp(`^${leader.name}_`));

    const written = async (namespace: string, one: readonly string[]): Promise<string> =>
      (await kubectl(['get', ...one, '-n', namespace])).stdout;
    const place = { node: 'node-1', address: '10.1.0.9' };
    const addTo = async (namespace: string): Promise<void> => {
      await runPod(kubectl, { ...place, namespace, name: 'cart', account: 'cart' });
      await kubectl.must(['label', 'namespace', namespace, 'istio.io/dataplane-mode=ambient']);
      await kubectl.must(['apply', '-f', '-'], listOf(objectsOf(namespace)));
    };
    /** Everything that only a leader writes. */
    const allWritten = async (namespace: string, replica: ControllerProcess): Promise<void> => {
      const reportCaptured = await openReporter(t, kubectl, {
        ...{ address: replica.grpc, name: 'node-1', ztunnel: 'ztunnel-x' },
      });
      await reportCaptured(namespace, 'cart');
      for (const [one, value] of [
        [['httproute', 'cart', '-o', ROUTE_STATUS], 'True'],
        [['gateway', 'waypoint', '-o', CONDITIONS], 'True'],
        [['deployment', 'waypoint', '-o', 'name'], 'deployment.apps/waypoint\n'],
        [['pod', 'cart', '-o', ANNOTATIONS], 'enabled'],
      ] as const)
        await eventually(
          `${one.slice(0, 2).join(' ')}: ${value.trim()}`,
          async () => (await written(namespace, one)) === value,
        );
    };
    await runPod(kubectl, { ...place, namespace: SYSTEM, name: 'ztunnel-x', account: 'ztunnel' });
    await addTo('shop');
    await allWritten('shop', leader);

    await leader.kill();
    // What is made while nobody leads is what the next leader must not miss.
    await addTo('orders');
    const tookMs = await eventually('the other one leads', follower.leads);
    t.comment(`${tookMs} ms after it could be seen that the leader is gone`);
    t.match(await holder(), new RegExp(`^${follower.name}_`));
    await allWritten('orders', follower);
    await addTo('later');
    await allWritten('later', follower);

    const back = await start(leader.name);
    await eventually('it knows who leads', () =>
      back.log.some(
        ({ message, holder: known }) =>
          message === 'the leader is known' && String(known).startsWith(follower.name),
      ),
    );
    t.notOk(back.leads(), 'who comes back does not take it away');
    const version = await kubectl.must([
      'get',
      'httproute',
      'cart',
      '-n',
      'shop',
      '-o',
      'jsonpath={.metadata.resourceVersion}',
    ]);
    t.equal(await follower.stop(), 0);
    const gaveMs = await eventually('a leader that ends gives the Lease to the one that is left', back.leads);
    t.comment(`${gaveMs} ms`);
    await addTo('last');
    await allWritten('last', back);
    t.equal(
      await kubectl.must([
        'get',
        'httproute',
        'cart',
        '-n',
        'shop',
        '-o',
        'jsonpath={.metadata.resourceVersion}',
      ]),
      version,
      'a status that is as it should be is not written again by a new leader',
    );
    t.equal(await back.stop(), 0);
    t.equal(await holder(), '', 'the last one gives it back');
  },
);

function objectsOf(namespace: string): readonly object[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace, name: 'cart', labels: { 'istio.io/use-waypoint': 'waypoint' } },
      spec: { selector: { app: 'cart' }, ports: [{ port: 80 }] },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { namespace, name: 'waypoint' },
      spec: {
        gatewayClassName: 'nodemesh-waypoint',
        listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
      },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { namespace, name: 'cart' },
      spec: {
        parentRefs: [{ group: '', kind: 'Service', name: 'cart' }],
        rules: [{ backendRefs: [{ name: 'cart', port: 80 }] }],
      },
    },
  ];
}
