import { type Test, test } from 'tap';
import { nodemesh, pod, startTestLab, type TestLab } from './support/lab-fixture.ts';
import { askSteadily } from './support/steady-requests.ts';

const OURS = 'nodemesh.io/dataplane-mode';
const ISTIOS = 'istio.io/dataplane-mode';
const REDIRECTION = 'nodemesh.io/redirection';
const ISTIO_REDIRECTION = 'ambient.istio.io/redirection';

test('the move from Istio and back can be tried in a lab that plays Istio by label and annotation', {
  timeout: 180_000,
}, async (t) => {
  const lab = await startTestLab('test-side-by-side', {
    objects: [
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'default', labels: { [ISTIOS]: 'ambient' } },
      },
      server('cart'),
      pod('client', ['sleep', 'infinity']),
    ],
    flags: ['--side-by-side', '--nodes', '1'],
  });
  t.teardown(() => lab.attempt('down'));
  const annotation = async (name: string, of = 'cart'): Promise<string | undefined> =>
    (await lab.get('pod', of)).metadata.annotations[name];

  await t.test('what is labelled for Istio starts, and is none of ours', async (t) => {
    t.equal(await annotation(REDIRECTION), undefined);
    t.match(await lab.run('get', 'ns', 'default'), /default +Active +Istio: ambient/);
  });

  await t.test('labelled for both it stays Istio’s: running pods are refused, new ones start', async (t) => {
    await lab.run('annotate', 'pod', 'cart', `${ISTIO_REDIRECTION}=enabled`);
    await lab.run('label', 'ns', 'default', `${OURS}=ambient`);
    await lab.until('refused', async () => {
      const events = await lab.run('get', 'events');
      return (
        /EnrolmentFailed +pod\/cart .*Istio has captured it/.test(events) && /pod\/client.*label/.test(events)
      );
    });
    t.match(await lab.run('get', 'pod', 'cart'), /Istio's/);
    await lab.apply(server('late'));
    await lab.until('late is ready', async () => isReady(lab, 'late'));
    t.equal(await annotation(REDIRECTION, 'late'), undefined);
  });

  await t.test('once Istio has let go a pod is ours, and no request fails', async (t) => {
    await lab.run('label', 'ns', 'default', `${ISTIOS}=none`, '--overwrite');
    await lab.until('the others', async () => (await annotation(REDIRECTION, 'client')) === 'enabled');
    t.equal(await annotation(REDIRECTION), undefined, 'not while Istio’s annotation is there');
    const load = failuresOf(lab, await addressOf(lab, 'cart'), 3);
    await lab.run('annotate', 'pod', 'cart', `${ISTIO_REDIRECTION}-`);
    await lab.until('captured', async () => (await annotation(REDIRECTION)) === 'enabled');
    t.same(await load, []);
    t.equal(await annotation(ISTIO_REDIRECTION), undefined, 'Istio’s own word is never ours to say');
    t.match(await lab.run('get', 'pod', 'cart'), /captured/);
  });

  await t.test('every command takes the labels for what they are', async (t) => {
    const explained = await nodemesh(['explain', 'client', 'cart:8080', '--lab', lab.name]);
    t.match(explained.stdout, /tunnel|HBONE/i, explained.stderr);
    await nodemesh(['waypoint', 'apply', '--lab', lab.name, '--enroll-namespace']);
    const { labels } = (await lab.get('ns', 'default')).metadata;
    t.match(labels, { 'nodemesh.io/use-waypoint': 'waypoint' });
    t.equal(labels['istio.io/use-waypoint'], undefined);
  });

  await t.test('and it goes back by the two values exchanged', async (t) => {
    await lab.run('label', 'ns', 'default', `${OURS}=none`, `${ISTIOS}=ambient`, '--overwrite');
    await lab.until('released', async () => (await annotation(REDIRECTION)) === undefined);
    t.same(await failuresOf(lab, await addressOf(lab, 'cart'), 0.2), []);
  });
});

test('a lab without a mesh has no other beside it', async (t: Test) => {
  const { code, stderr } = await nodemesh([
    'lab',
    'up',
    '--name',
    'test-nobody',
    '--side-by-side',
    '--no-mesh',
  ]);
  t.equal(code, 1);
  t.match(stderr, /expected a mesh with --side-by-side, got --no-mesh/);
});

function server(name: string): object {
  const program = `require('node:http').createServer((_, answer) => answer.end('ok')).listen(8080, '::')`;
  const readinessProbe = { tcpSocket: { port: 8080 }, periodSeconds: 1 };
  return pod(name, ['node', '-e', program], {}, { readinessProbe });
}

async function isReady(lab: TestLab, name: string): Promise<boolean> {
  const { conditions = [] } = (await lab.get('pod', name)).status as {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

async function addressOf(lab: TestLab, name: string): Promise<string> {
  return `http://${String((await lab.get('pod', name)).status.podIP)}:8080/`;
}

async function failuresOf(lab: TestLab, url: string, seconds: number): Promise<readonly string[]> {
  return (await askSteadily(lab, url, seconds)).failures;
}
