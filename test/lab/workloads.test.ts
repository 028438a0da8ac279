import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'tap';
import { echo, nodemesh, pod, startTestLab, type TestLab } from './support/lab-fixture.ts';

const HOLD = ['sleep', 'infinity'];

/** Prints the answers' pods and versions, one JSON object per request. */
const ASK = `
const [url, times] = process.argv.slice(1);
for (let i = 0; i < Number(times); i++) {
  const body = await (await fetch(url, { headers: { connection: 'close' } })).json();
  console.log(JSON.stringify({ pod: body.pod, service: body.service }));
}`;

/** Sends a request every 10 ms over new connections for so many seconds; prints what failed. */
const LOAD = `
import { get } from 'node:http';
const [url, seconds] = process.argv.slice(1);
const failures = [];
const pending = new Set();
let sent = 0;
const end = Date.now() + Number(seconds) * 1000;
while (Date.now() < end) {
  sent++;
  const one = new Promise((done) => {
    const request = get(url, { agent: false, timeout: 5000 }, (response) => {
      if (response.statusCode !== 200) failures.push(String(response.statusCode));
      response.resume().on('close', done);
    });
    request.on('timeout', () => request.destroy(new Error('timeout')));
    request.on('error', (error) => { failures.push(error.message); done(); });
  });
  pending.add(one);
  one.then(() => pending.delete(one));
  await new Promise((r) => setTimeout(r, 10));
}
await Promise.all(pending);
console.log(JSON.stringify({ sent, failures }));`;

async function inClient(
  lab: TestLab,
  script: string,
  ...args: readonly string[]
): Promise<readonly Record<string, unknown>[]> {
  const output = await lab.run('exec', 'client', '--', 'node', '--input-type=module', '-e', script, ...args);
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('workloads in a lab', { timeout: 300_000 }, async (t) => {
  const lab = await startTestLab('test-workloads', {
    flags: ['--no-mesh'],
    objects: [pod('client', HOLD, { nodeName: 'node-1' }), ...echo('web', 3)],
  });
  t.teardown(() => nodemesh(['lab', 'down', '--name', lab.name]));

  await t.test('a virtual address spreads connections over pods of every node', async (t) => {
    const answers = await inClient(lab, ASK, 'http://web/', '40');
    t.equal(new Set(answers.map(({ pod }) => pod)).size, 3);
  });

  await t.test('a virtual address refuses a port that no service has, at once', async (t) => {
    const { stdout } = await lab.attempt(
      'exec',
      'client',
      '--',
      'node',
      '-e',
      `
      const started = Date.now();
      require('net').connect(81, 'web').on('error', (e) => console.log(e.code, Date.now() - started < 1000));`,
    );
    t.equal(stdout.trim(), 'ECONNREFUSED true');
  });

  await t.test('a pod reaches itself through its own service', async (t) => {
    const output = await lab.run(
      'exec',
      'deploy/web',
      '--',
      'node',
      '--input-type=module',
      '-e',
      ASK,
      'http://web/',
      '20',
    );
    t.equal(new Set(output.trim().split('\n')).size, 3);
  });

  await t.test('an update rolls over without a failed request', async (t) => {
    const load = inClient(lab, LOAD, 'http://web/', '4');
    await new Promise((settle) => setTimeout(settle, 500));
    await lab.apply(...echo('web', 3, 'v2'));
    await lab.until('rollout', async () => {
      const { status } = await lab.get('deployment', 'web');
      return status.updatedReplicas === 3 && status.replicas === 3 && status.readyReplicas === 3;
    });
    const [outcome] = await load;
    t.same(outcome?.failures, []);
    t.ok(Number(outcome?.sent) > 100, `${String(outcome?.sent)} requests were sent`);
    const answers = await inClient(lab, ASK, 'http://web/', '10');
    t.same([...new Set(answers.map(({ service }) => service))], ['v2']);
  });

  await t.test('a pod that stops being ready gets nothing new, and comes back', async (t) => {
    const manifest = pod(
      'flaky',
      ['node', '-e', SERVER],
      {},
      {
        readinessProbe: {
          exec: { command: ['test', '!', '-e', '/tmp/nodemesh-flaky-off'] },
          periodSeconds: 1,
          failureThreshold: 1,
        },
      },
    );
    await lab.apply(service('flaky', 8080), manifest);
    const ready = async (): Promise<unknown> => {
      const slices = await lab.get('endpointslices');
      const slice = slices.items.find(({ metadata }) => metadata.name === 'flaky-v4');
      return (slice?.endpoints as [{ conditions: { ready: boolean } }] | undefined)?.[0]?.conditions.ready;
    };
    await lab.until('ready', async () => (await ready()) === true);
    await lab.run('exec', 'flaky', '--', 'touch', '/tmp/nodemesh-flaky-off');
    await lab.until('unready', async () => (await ready()) === false);
    const { stdout } = await lab.attempt(
      'exec',
      'client',
      '--',
      'node',
      '-e',
      "require('net').connect(8080, 'flaky').on('error', (e) => console.log(e.code))",
    );
    t.equal(stdout.trim(), 'ECONNREFUSED');
    await lab.run('exec', 'flaky', '--', 'rm', '/tmp/nodemesh-flaky-off');
    await lab.until('ready again', async () => (await ready()) === true);
  });

  await t.test(
    'volumes are where the container mounts them, and a pod waits for what they hold',
    async (t) => {
      const volumes = [
        { name: 'settings', configMap: { name: 'settings' } },
        {
          name: 'token',
          projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'other' } }] },
        },
        { name: 'scratch', emptyDir: {} },
      ];
      const volumeMounts = [
        { name: 'settings', mountPath: '/var/run/secrets/settings', readOnly: true },
        { name: 'token', mountPath: '/var/run/secrets/tokens' },
        { name: 'scratch', mountPath: '/mnt' },
      ];
      await lab.apply(pod('volumes', HOLD, { volumes }, { volumeMounts }));
      await lab.until('it waits', async () => /settings/.test(await lab.run('get', 'events')), 15_000);
      const settings = (greeting: string): object => ({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'settings' },
        data: { greeting },
      });
      await lab.apply(settings('hello'));
      const inPod = (script: string) => lab.attempt('exec', 'volumes', '--', 'sh', '-c', script);
      await lab.until('it runs', async () => (await inPod('true')).code === 0);
      t.equal((await inPod('cat /var/run/secrets/settings/greeting')).stdout, 'hello');
      t.match((await inPod('touch /var/run/secrets/settings/x')).stderr, /Read-only/);
      t.match((await inPod('cat /var/run/secrets/tokens/token')).stdout, /^ey[\w-]+\.ey/);
      t.equal((await inPod('echo kept > /mnt/x; cat /mnt/x')).stdout, 'kept\n');
      await lab.apply(settings('again'));
      t.equal((await inPod('cat /var/run/secrets/settings/greeting')).stdout, 'again');
    },
  );

  await t.test('a liveness probe that fails restarts the container', async () => {
    await lab.apply(
      pod(
        'wedged',
        HOLD,
        {},
        { livenessProbe: { tcpSocket: { port: 9 }, periodSeconds: 1, failureThreshold: 1 } },
      ),
    );
    await lab.until('restart', async () => {
      const { status } = await lab.get('pod', 'wedged');
      const [container] = (status.containerStatuses ?? []) as { restartCount: number }[];
      return (container?.restartCount ?? 0) > 0;
    });
    await lab.run('delete', 'pod', 'wedged', '--grace-period', '0');
  });

  await t.test('a stateful set starts in order and its pods have names', async (t) => {
    await lab.apply(
      {
        ...service('db', 8080),
        spec: { clusterIP: 'None', selector: { app: 'db' }, ports: [{ port: 8080 }] },
      },
      statefulSet('db', 2),
    );
    await lab.until('set', async () => (await lab.get('statefulset', 'db')).status.readyReplicas === 2);
    const { stdout } = await lab.attempt(
      'exec',
      'client',
      '--',
      'node',
      '-e',
      `
      const dns = require('dns').promises;
      (async () => {
        for (const name of ['db-0.db', 'db-1.db.default.svc.cluster.local'])
          console.log((await (await fetch('http://' + name + ':8080/')).text()).trim());
        console.log((await dns.resolve4('db.default.svc.cluster.local')).length, (await dns.resolve6('db-0.db.default.svc.cluster.local').catch((e) => e.code)));
      })()`,
    );
    t.same(stdout.trim().split('\n'), ['db-0', 'db-1', '2 ENODATA']);
    const first = (await lab.get('pod', 'db-0')).status.startTime;
    const second = (await lab.get('pod', 'db-1')).status.startTime;
    t.ok(String(first) <= String(second));
    await lab.run('scale', 'sts', 'db', '--replicas', '1');
    await lab.until('scaled', async () =>
      (await lab.get('pods')).items.every(({ metadata }) => metadata.name !== 'db-1'),
    );
  });

  await t.test('a job runs to its end, and one that fails is tried again', async (t) => {
    await lab.apply(job('good', 'exit 0', 2), job('bad', 'exit 3', 1, 1));
    const condition = async (name: string): Promise<unknown> =>
      ((await lab.get('job', name)).status.conditions as { type: string }[] | undefined)?.[0]?.type;
    t.equal(await lab.until('good job', async () => (await condition('good')) as string), 'Complete');
    t.equal(await lab.until('bad job', async () => (await condition('bad')) as string), 'Failed');
    t.equal((await lab.get('job', 'good')).status.succeeded, 2);
    t.equal((await lab.get('job', 'bad')).status.failed, 2);
  });

  await t.test('names resolve as in Kubernetes, over UDP and TCP', async (t) => {
    const { stdout } = await lab.attempt(
      'exec',
      'client',
      '--',
      'node',
      '-e',
      `
      const dns = require('dns').promises;
      (async () => {
        const seen = [];
        for (const name of ['web', 'web.default', 'web.default.svc', 'web.default.svc.cluster.local'])
          seen.push((await dns.lookup(name)).address);
        console.log(new Set(seen).size);
        for (const [name, type] of [['web.default.svc.cluster.local', 'AAAA'], ['default.svc.cluster.local', 'A'], ['none.default.svc.cluster.local', 'A'], ['example.com', 'A']])
          console.log(await dns.resolve(name, type).catch((e) => e.code));
      })()`,
    );
    t.same(stdout.trim().split('\n'), ['1', 'ENODATA', 'ENODATA', 'ENOTFOUND', 'ENOTFOUND']);
    const tcp = await lab.attempt('exec', 'client', '--', 'node', '-e', TCP_QUERY);
    t.equal(tcp.stdout.trim(), 'true');
  });

  await t.test('exec carries input, output and the exit code', async (t) => {
    const failed = await lab.attempt('exec', 'client', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7');
    t.same(failed, { code: 7, stdout: 'out\n', stderr: 'err\n' });
    const big = await nodemesh(['lab', 'exec', '--name', lab.name, 'client', '--', 'wc', '-c'], {
      input: 'x'.repeat(3_000_000),
    });
    t.equal(big.stdout.trim(), '3000000');
    const missing = await lab.attempt('exec', 'nobody', '--', 'true');
    t.equal(missing.code, 1);
    t.match(missing.stderr, /no pod nobody/);
  });

  await t.test('an image that is not there and a container that fails say so on the pod', async (t) => {
    await lab.apply(
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'foreign' },
        spec: { containers: [{ name: 'a', image: 'nginx:1' }] },
      },
      pod('crashing', ['sh', '-c', 'exit 1']),
    );
    const status = async (name: string): Promise<string> => {
      const [container] = ((await lab.get('pod', name)).status.containerStatuses ?? []) as {
        state: { waiting?: { reason: string } };
      }[];
      return container?.state.waiting?.reason ?? '';
    };
    await lab.until('image error', async () => (await status('foreign')) === 'ErrImagePull');
    await lab.until('back-off', async () => (await status('crashing')) === 'CrashLoopBackOff');
    t.match(await lab.run('get', 'events'), /nginx.*not built in/);
    await lab.run('delete', 'pod', 'foreign', 'crashing');
  });

  await t.test('a namespace takes everything in it along', async (t) => {
    const object = (kind: string, rest: object): object => ({ apiVersion: 'v1', kind, ...rest });
    await lab.apply(
      object('Namespace', { metadata: { name: 'gone' } }),
      object('Pod', {
        metadata: { name: 'a', namespace: 'gone' },
        spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'a', command: HOLD }] },
      }),
    );
    await lab.run('delete', 'ns', 'gone');
    t.same((await lab.get('pods', '-n', 'gone')).items, []);
    await t.rejects(lab.apply(object('ConfigMap', { metadata: { name: 'late', namespace: 'gone' } })), {
      message: /namespace gone does not exist/,
    });
  });

  await t.test('down leaves nothing', async (t) => {
    const status = JSON.parse(await lab.run('status', '-o', 'json')) as { stateDirectory: string };
    await lab.down();
    t.same(processesOf(status.stateDirectory), []);
    t.notMatch(readFileSync('/proc/self/mounts', 'utf8'), status.stateDirectory);
    t.throws(() => readdirSync(status.stateDirectory), { code: 'ENOENT' });
    t.equal((await lab.attempt('status')).code, 1);
  });
});

const SERVER =
  "require('http').createServer((q, s) => s.end(require('os').hostname() + '\\n')).listen(8080, '::')";

const TCP_QUERY = `
const [server] = require('dns').getServers();
const name = Buffer.concat(['web', 'default', 'svc', 'cluster', 'local'].map((l) => Buffer.concat([Buffer.of(l.length), Buffer.from(l)])));
const message = Buffer.concat([Buffer.from('abcd01000001000000000000', 'hex'), name, Buffer.from('0000010001', 'hex')]);
const socket = require('net').connect(53, server, () => socket.write(Buffer.concat([Buffer.of(0, message.length), message])));
socket.once('data', (d) => { console.log(d.readUInt16BE(2) === 0xabcd && d.readUInt16BE(8) === 1); socket.destroy(); });`;

function service(name: string, port: number): Readonly<Record<string, unknown>> {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ port }] },
  };
}

function statefulSet(name: string, replicas: number): object {
  const container = {
    name: 'main',
    command: ['node', '-e', SERVER],
    readinessProbe: { tcpSocket: { port: 8080 } },
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name },
    spec: {
      replicas,
      serviceName: name,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { terminationGracePeriodSeconds: 1, containers: [container] },
      },
    },
  };
}

function job(name: string, script: string, completions: number, backoffLimit = 3): object {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: {
      completions,
      backoffLimit,
      template: {
        spec: { restartPolicy: 'Never', containers: [{ name: 'main', command: ['sh', '-c', script] }] },
      },
    },
  };
}

/** Command lines of processes that mention a path. */
function processesOf(path: string): readonly string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch (error) {
        // It ended while we were looking.
        if (error instanceof Error) return [];
        throw error;
      }
    })
    .filter((command) => command.includes(path));
}
