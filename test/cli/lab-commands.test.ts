import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { list } from 'tar';
import { test } from 'tap';
import { shopObjects } from '../../src/lab/index.ts';
import { nodemesh, pod, startTestLab } from '../lab/support/lab-fixture.ts';

const ONLY_CART = {
  apiVersion: 'security.istio.io/v1',
  kind: 'AuthorizationPolicy',
  metadata: { name: 'payments-from-cart', namespace: 'shop' },
  spec: {
    selector: { matchLabels: { app: 'payments' } },
    action: 'ALLOW',
    rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/cart'] } }] }],
  },
};
const SECRET = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'database', namespace: 'shop' },
  stringData: { password: 'hunter2-correct-horse' },
};
interface Result {
  readonly group: string;
  readonly name: string;
  readonly outcome: string;
}

const FETCH =
  "fetch('http://payments:8080/').then(console.log, (e) => console.log('refused', e.cause?.code))";

test('every command that shows what happens, on a lab under traffic', { timeout: 240_000 }, async (t) => {
  const stranger = pod('stranger', ['sleep', 'infinity'], { nodeName: 'node-1' });
  const lab = await startTestLab('test-cli', {
    objects: [...shopObjects(), { ...stranger, metadata: { name: 'stranger', namespace: 'shop' } }, SECRET],
  });
  t.teardown(() => nodemesh(['lab', 'down', '--name', lab.name]));
  const run = (...args: readonly string[]): ReturnType<typeof nodemesh> =>
    nodemesh([...args, '--lab', lab.name]);
  const json = async (...args: readonly string[]): Promise<unknown> =>
    JSON.parse((await run(...args, '-o', 'json')).stdout);
  const refuse = (): Promise<unknown> => lab.run('exec', '-n', 'shop', 'stranger', '--', 'node', '-e', FETCH);

  await lab.run('label', 'ns', 'shop', 'istio.io/dataplane-mode=ambient');
  await run('waypoint', 'apply', '-n', 'shop', '--wait');
  await lab.run('label', 'service', 'cart', '-n', 'shop', 'istio.io/use-waypoint=waypoint');
  await lab.until('captured', async () => {
    const { items } = await lab.get('pods', '-n', 'shop', '-l', 'app=cart');
    return items.every(({ metadata }) => metadata.annotations['ambient.istio.io/redirection'] === 'enabled');
  });
  await lab.apply(ONLY_CART);

  await t.test('tap tells a refusal as it happens, with its policy', async (t) => {
    const tap = run('tap', '--verdict', 'refused', '--workload', 'payments', '--limit', '1', '--for', '60s');
    await lab.until(
      'refused',
      async () => {
        await refuse();
        return Promise.race([
          tap.then(() => true),
          new Promise<false>((settle) => setTimeout(settle, 1_000, false)),
        ]);
      },
      60_000,
    );
    t.match(
      (await tap).stdout,
      /refused +shop\/stranger → shop\/payments:8080 .*policy shop\/payments-from-cart, no rule matched/,
    );
  });

  await t.test('tap tells requests that a waypoint answered', async (t) => {
    const { stdout } = await run(
      'tap',
      '--workload',
      'cart',
      '--status',
      '2xx',
      '--limit',
      '1',
      '--for',
      '60s',
    );
    t.match(stdout, /request +shop\/frontend → shop\/cart:8080 \(shop\/cart\) +GET \/\S* +200 /);
  });

  await t.test('stat and top have the rates of services and workloads', async (t) => {
    await lab.until(
      'rates',
      async () => /\ncart|shop +cart +2\/2 +[\d.]+ .*100%/.test((await run('stat')).stdout),
      60_000,
    );
    t.match((await run('stat', 'workloads', 'payments', '-n', 'shop')).stdout, /\nshop +payments-\S+ /);
    t.match(
      (await run('top', '--once')).stdout,
      /^WORKLOAD +RPS[\s\S]*\nEDGE [\s\S]*shop\/frontend → service shop\/cart /,
    );
    t.match((await run('top', 'routes', '--once')).stdout, /\nService shop\/cart default .* shop\/waypoint /);
  });

  await t.test('edges and topology know who talks to whom, and that it is protected', async (t) => {
    t.match(
      (await run('edges')).stdout,
      /shop\/frontend +service shop\/cart +yes +shop\/sa\/frontend +shop\/sa\/cart /,
    );
    t.match((await run('topology')).stdout, /shop\/frontend\n.*▶ service shop\/cart +mTLS/);
    t.match((await run('topology', '-o', 'svg')).stdout, /^<svg [\s\S]*>payments<[\s\S]*<\/svg>\n$/);
  });

  await t.test('proxies are current, and their certificates good for a while', async (t) => {
    const proxies = await run('proxies');
    t.equal(proxies.code, 0, proxies.stdout);
    t.match(proxies.stdout, /ztunnel\/node-1 .* current /);
    t.equal((await run('certificates', '--expiring', '1d')).code, 0);
    t.equal((await run('certificates', '--expiring', '99999d')).code, 1);
    const svid = await run('certificates', '--expiring', '1h', '--svid');
    t.equal(svid.code, 0);
    t.match(svid.stdout, /workload +shop\/sa\/cart /);
  });

  await t.test('logs find the refusal in the file of the proxy that refused', async (t) => {
    const { stdout } = await run('logs', '--verdict', 'refused', '--workload', 'payments', '--tail', '1');
    t.match(stdout, /ztunnel\/node-\d .*payments-from-cart.*ERR_ZTUNNEL_DENIED/);
  });

  await t.test('dashboard says where it is, of the mesh and of a node', async (t) => {
    t.match(await json('dashboard'), { url: /^http:\/\/127\.0\.0\.1:\d+\/$/, scope: 'mesh' });
    t.match(await json('dashboard', '--node', 'node-1'), { scope: 'node', node: 'node-1' });
  });

  await t.test(
    'check finds nothing wrong with the mesh, and the policy that is put in its way',
    async (t) => {
      const wrong = async (): Promise<readonly unknown[]> =>
        ((await json('check')) as readonly Result[]).filter(
          // A connection of the shop may be older than the enrolment, which is a warning and no fault of the mesh.
          ({ group, name, outcome }) =>
            group === 'mesh' && outcome !== 'ok' && (name !== 'enrolment' || outcome !== 'warning'),
        );
      t.same(await wrong(), []);
      await lab.apply({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'only-8080', namespace: 'shop' },
        spec: { podSelector: { matchLabels: { app: 'payments' } }, ingress: [{ ports: [{ port: 8080 }] }] },
      });
      t.match(await wrong(), [
        { outcome: 'failed', seen: /^shop\/only-8080 lets nothing through to payments-/ },
      ]);
    },
  );

  await t.test('bug-report has every part, and none of the secrets of the lab', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'nodemesh-lab-report-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'report.tar.gz');
    const { stdout } = await run('bug-report', '--file', file, '-o', 'json');
    const report = JSON.parse(stdout) as {
      readonly files: readonly string[];
      readonly missing: readonly unknown[];
    };
    t.same(report.missing, []);
    for (const part of [
      'check.txt',
      'ztunnel/node-1/config_dump.json',
      'controller/log.txt',
      'objects/Secret.yaml',
      'api/node-2/connections.json',
    ])
      t.ok(report.files.includes(part), part);
    const packed = await textsOf(file);
    const { stateDirectory } = (await lab.run('status', '-o', 'json').then(JSON.parse)) as {
      stateDirectory: string;
    };
    const secrets = [...secretsBelow(stateDirectory), 'hunter2-correct-horse'];
    t.ok(secrets.length > 4, 'the lab has secrets');
    for (const [path, text] of packed) {
      t.same(
        secrets.filter((secret) => text.includes(secret)),
        [],
        path,
      );
      t.notMatch(text, /PRIVATE KEY-----|\beyJ[\w-]{6,}\.[\w-]{4,}/, path);
    }
  });
});

async function textsOf(file: string): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  const reading: Promise<unknown>[] = [];
  await list({
    file,
    onReadEntry: (entry) => {
      reading.push(entry.concat().then((content) => texts.set(entry.path, content.toString('utf8'))));
    },
  });
  await Promise.all(reading);
  return texts;
}

/** Tokens, and the middles of private keys, that lie in a lab's files. */
function secretsBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'))
    .flatMap((text) => [
      ...(text.match(/\beyJ[\w-]{6,}\.[\w-]{4,}\.[\w-]{20,}/g) ?? []),
      ...[...text.matchAll(/PRIVATE KEY-----\s+([A-Za-z0-9+/]{40,})/g)].map(([, key = '']) => key),
    ]);
}
