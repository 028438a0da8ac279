import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Test, test } from 'tap';
import { createPodAccess, isKubernetesError, type PodAccess } from '../../src/controller/kubernetes/index.ts';
import { type FakeKubelet, startFakeKubelet } from '../support/kubernetes-cluster/fake-kubelet.ts';
import { kubeconfigWith, runPod } from './support/installed-mesh.ts';
import { eventually, type Kubectl, kubectlOf } from './support/kubectl.ts';
import { nodeOn } from './support/kubelet-node.ts';

interface Place {
  readonly kubectl: Kubectl;
  readonly kubelet: FakeKubelet;
  readonly pods: PodAccess;
}

const POD = { namespace: 'forwarded', name: 'echo', account: 'echo', node: 'kubelet-1', address: '10.8.0.2' };

async function startPlace(t: Test): Promise<Place> {
  const kubectl = kubectlOf();
  const kubelet = await startFakeKubelet();
  t.teardown(() => kubelet.close());
  await runPod(kubectl, POD);
  await nodeOn(kubectl, POD.node, kubelet);
  const pods = createPodAccess({ access: { kind: 'kubeconfig', file: kubectl.kubeconfig } });
  t.teardown(() => pods.close());
  return { kubectl, kubelet, pods };
}

/** Answers each connection with what it was told, and ends when its client has said `bye`. */
async function startEcho(t: Test): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      if (chunk.toString('latin1').endsWith('bye')) socket.end(chunk);
      else socket.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('bytes go through the API server to a port of a pod and back, however many', async (t) => {
  const { kubelet, pods } = await startPlace(t);
  kubelet.ports.set('forwarded/echo:9000', await startEcho(t));
  const stream = await pods.dial({ namespace: 'forwarded', pod: 'echo', port: 9000 });
  const sent = `${'0123456789abcdef'.repeat(1 << 16)}bye`;
  stream.write(sent);
  t.ok((await text(stream)) === sent, 'a megabyte came back');
  t.same(kubelet.forwarded, ['forwarded/echo:9000']);
  await eventually('nothing stays open', () => kubelet.open === 0);
});

test('who does not read keeps the other side waiting, and gets it all afterwards', async (t) => {
  const { kubelet, pods } = await startPlace(t);
  kubelet.ports.set('forwarded/echo:9000', await startEcho(t));
  const stream = await pods.dial({ namespace: 'forwarded', pod: 'echo', port: 9000 });
  stream.write('x'.repeat(1 << 20));
  await new Promise((resolve) => setTimeout(resolve, 500));
  t.ok(stream.readableLength <= 256 * 1024, `${stream.readableLength} bytes are held`);
  stream.write('bye');
  t.equal((await text(stream)).length, (1 << 20) + 3);
});

test('a port that nobody listens on ends the stream with what the kubelet says', async (t) => {
  const { pods } = await startPlace(t);
  const stream = await pods.dial({ namespace: 'forwarded', pod: 'echo', port: 9999 });
  await t.rejects(text(stream), {
    code: 'ERR_KUBERNETES_UNREACHABLE',
    message: /forward port 9999 of pods forwarded\/echo: .*connection refused/,
  });
});

test('a connection that is cut without a word is an error, and one that its client leaves is closed on the node', async (t) => {
  const { kubelet, pods } = await startPlace(t);
  kubelet.ports.set('forwarded/echo:9000', await startEcho(t));
  const port = { namespace: 'forwarded', pod: 'echo', port: 9000 };
  const cut = await pods.dial(port);
  const ended = t.rejects(text(cut), { code: 'ERR_KUBERNETES_UNREACHABLE' });
  kubelet.cut();
  await ended;
  const left = await pods.dial(port);
  await eventually('it is open', () => kubelet.open === 1);
  left.destroy();
  await eventually('it is gone', () => kubelet.open === 0);
  const held = await pods.dial(port);
  await pods.close();
  await once(held, 'close');
  t.ok(held.destroyed, 'closing the client takes what is open along');
});

test('without the right to it the API server refuses, and a pod that is not there is not found', async (t) => {
  const { kubectl, pods } = await startPlace(t);
  await t.rejects(pods.dial({ namespace: 'forwarded', pod: 'nobody', port: 1 }), {
    code: 'ERR_KUBERNETES_NOT_FOUND',
  });
  const token = await kubectl.must(['create', 'token', POD.account, '-n', POD.namespace]);
  const file = await kubeconfigWith(kubectl, t.testdir(), token.trim());
  const stranger = createPodAccess({ access: { kind: 'kubeconfig', file } });
  t.teardown(() => stranger.close());
  const refused = await stranger
    .dial({ namespace: 'forwarded', pod: 'echo', port: 1 })
    .catch((error: unknown) => error);
  t.ok(isKubernetesError(refused, 'ERR_KUBERNETES_FORBIDDEN'), String(refused));
  t.match(String(refused), 'pods/portforward');
});

test('the last lines of a container, and those to come, are read through the API server', async (t) => {
  const { kubelet, pods } = await startPlace(t);
  kubelet.logs.set('forwarded/echo/main', ['one', 'two', 'three']);
  const request = { namespace: 'forwarded', pod: 'echo', container: 'main' };
  t.equal(await text(await pods.log({ ...request, tailLines: 2 })), 'two\nthree\n');
  const followed = await pods.log({ ...request, follow: true });
  const [first] = (await once(followed, 'data')) as [Buffer];
  t.match(first.toString(), 'one');
  followed.destroy();
  await t.rejects(pods.log({ ...request, container: 'none' }));
});
