import { test } from 'tap';
import { echo, nodemesh, pod, startTestLab } from './support/lab-fixture.ts';
import { askSteadily } from './support/steady-requests.ts';

const AMBIENT = { 'istio.io/dataplane-mode': 'ambient' };
const STRICT = {
  apiVersion: 'security.istio.io/v1',
  kind: 'PeerAuthentication',
  metadata: { name: 'default' },
  spec: { mtls: { mode: 'STRICT' } },
};

/** Prints what one request is answered with. */
const FETCH = 'fetch(process.argv[1]).then((r) => r.text()).then(console.log, console.error), ""';

test('a lab with its mesh', { timeout: 300_000 }, async (t) => {
  const lab = await startTestLab('test-with-mesh', {
    objects: [pod('client', ['sleep', 'infinity'], { nodeName: 'node-1' }), ...echo('web', 2)],
  });
  t.teardown(() => nodemesh(['lab', 'down', '--name', lab.name]));
  const ask = (seconds: number) => askSteadily(lab, 'http://web/', seconds);
  const captured = async (): Promise<boolean> => {
    const pods = (await lab.get('pods')).items;
    return pods.every(({ metadata }) => metadata.annotations['ambient.istio.io/redirection'] === 'enabled');
  };

  await t.test('running pods join by label, and no request fails', async (t) => {
    const load = ask(3);
    await lab.run('label', 'ns', 'default', 'istio.io/dataplane-mode=ambient');
    await lab.until('captured', captured);
    t.same((await load).failures, []);
    const table = (await nodemesh(['workloads', '--lab', lab.name])).stdout;
    t.match(table, /^NAMESPACE POD NAME +ADDRESS +NODE +WAYPOINT PROTOCOL\n/);
    t.equal(table.match(/ HBONE$/gm)?.length, 3);
  });

  await t.test('new pods under STRICT start captured, get ready, and are reached', async (t) => {
    await lab.apply(STRICT, ...echo('late', 1));
    await lab.until('ready', async () => (await lab.get('deployment', 'late')).status.readyReplicas === 1);
    t.ok(await captured());
    const { stdout } = await lab.attempt('exec', 'client', '--', 'node', '-p', FETCH, 'http://late/');
    t.match(stdout, /"path":"\/"/);
  });

  await t.test('a new generation of a ztunnel takes over without a failed request', async (t) => {
    const load = ask(5);
    for (const node of ['node-1', 'node-2', 'node-1']) await lab.run('upgrade-ztunnel', node);
    const { sent, failures } = await load;
    t.same(failures, []);
    t.ok(sent > 50);
  });

  await t.test(
    'a ztunnel that is killed comes back by itself, and its pods have answers again',
    async (t) => {
      await lab.run('kill', 'ztunnel', 'node-1');
      await lab.until('an answer', async () => (await ask(0.1)).failures.length === 0, 60_000);
      t.pass('answered');
    },
  );

  await t.test('certificates and policies are listed', async (t) => {
    const certificates = (await nodemesh(['certificates', '--lab', lab.name])).stdout;
    t.match(certificates, /spiffe:\/\/cluster\.local\/ns\/default\/sa\/default +Leaf +Available +true/);
    t.match((await nodemesh(['policies', '--lab', lab.name])).stdout, /istio_converted_static_strict +Deny/);
    t.match(
      (await nodemesh(['services', '--lab', lab.name])).stdout,
      /default +web +10\.96\.\d+\.\d+ +None +2\/2/,
    );
  });
});

test('an ordinary user has the same lab', { timeout: 300_000 }, async (t) => {
  const isRoot = process.getuid?.() === 0;
  const lab = await startTestLab('test-as-user', {
    ...(isRoot ? { userId: 65534 } : {}),
    objects: [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default', labels: AMBIENT } },
      pod('client', ['sleep', 'infinity'], { nodeName: 'node-1' }),
      ...echo('web', 2),
    ],
  });
  t.teardown(() => lab.attempt('down'));
  const { stdout } = await lab.attempt('exec', 'client', '--', 'node', '-p', FETCH, 'http://web/hello');
  t.match(stdout, /"path":"\/hello"/);
  const pods = (await lab.get('pods')).items;
  t.ok(pods.every(({ metadata }) => metadata.annotations['ambient.istio.io/redirection'] === 'enabled'));
  await lab.down();
});
