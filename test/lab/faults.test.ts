import { type Test, test } from 'tap';
import type { Explanation } from '../../src/cli/explain/explanation.ts';
import { openPage, startBrowser } from '../support/browser.ts';
import { cutFromController, freeze } from './support/break-parts.ts';
import { nodemesh, pod, startTestLab, type TestLab } from './support/lab-fixture.ts';

/** Asks every service that is named on the command line for ever, a new connection each time. */
const LOAD = `
for (const name of process.argv.slice(1)) (async () => {
  for (;;) {
    const options = { headers: { connection: 'close' }, signal: AbortSignal.timeout(4_000) };
    await fetch('http://' + name + ':8080/', options).then((r) => r.text(), () => undefined);
    await new Promise((r) => setTimeout(r, 100));
  }
})();`;
/** Answers everything after so many milliseconds. */
const SERVER = `require('node:http').createServer((_, answer) =>
  setTimeout(() => answer.end('ok'), Number(process.argv[1]))).listen(8080, '::');`;

/** Each has one fault: asked by the client, or of nobody where asking would only take time. */
const ASKED = ['guarded', 'orders', 'hollow', 'empty', 'astray', 'far', 'vault'];
/** Of the servers, each its own. */
const ACCOUNTS = ['guarded', 'orders-quick', 'orders-slow', 'hollow', 'astray', 'far', 'vault'];
/** Short, so that one that is not renewed is late within the time that people wait for a test. */
const SVID_TTL_SECONDS = 60;

test('six faults, each found by explain, by check or analyze, and on the dashboard, with its cause', {
  timeout: 420_000,
}, async (t) => {
  const lab = await startTestLab('test-faults', {
    objects: [
      ...ASKED.map((name) => service(name)),
      ...ACCOUNTS.map(account),
      server('guarded', 'guarded', 'node-1'),
      server('orders-quick', 'orders', 'node-1'),
      server('orders-slow', 'orders', 'node-1', 1_500),
      server('hollow', 'hollow', 'node-1'),
      server('astray', 'astray', 'node-1'),
      server('far', 'far', 'node-2'),
      server('vault', 'vault', 'node-3'),
      pod('client', ['node', '--input-type=module', '-e', LOAD, ...ASKED], { nodeName: 'node-1' }),
    ],
    flags: ['--nodes', '3', '--svid-ttl', `${SVID_TTL_SECONDS}s`],
  });
  t.teardown(() => lab.attempt('down'));
  const browser = await startBrowser();
  t.teardown(() => browser.close());
  await lab.run('label', 'ns', 'default', 'istio.io/dataplane-mode=ambient');
  await nodemesh(['waypoint', 'apply', '--lab', lab.name, '-n', 'default', '--name', 'wp', '--wait']);
  // A proxy that is cut off tells the controller of no certificate any more.
  await lab.until(
    'the certificate of vault at the controller',
    async () => (await expiring(lab, '1h')).includes('default/sa/vault'),
    40_000,
  );

  await cutFromController(lab, 'node-3');
  await freeze(lab, 'node-2');
  await lab.apply(ONLY_FRIENDS, service('hollow', 9));
  await lab.run('label', 'svc', 'orders', 'istio.io/use-waypoint=wp');
  await lab.run('label', 'svc', 'astray', 'istio.io/use-waypoint=nowhere');

  const { page, problems } = await openPage(browser, await addressOf(lab));
  /** In the row of a table that has `row` in it; anywhere on the page without. */
  const shows = async (t: Test, place: string, text: string | RegExp, row?: string): Promise<void> => {
    await page.evaluate(`location.hash = '/${place}'`);
    const where = row === undefined ? page.locator('main') : page.getByRole('row').filter({ hasText: row });
    await where.getByText(text).first().waitFor({ timeout: 60_000 });
    t.pass(`${place} shows ${text}`);
  };
  /** What explain finds between the client and `service`, once it finds what is looked for. */
  const explains = async (t: Test, service: string, cause: RegExp): Promise<Explanation> => {
    const explained = await lab.until(
      `explain ${service}: ${cause}`,
      async () => {
        const answer = await explain(lab, service);
        return cause.test(causesOf(answer)) && answer;
      },
      90_000,
    );
    t.match(causesOf(explained), cause, `explain ${service}`);
    return explained;
  };
  // A frozen proxy keeps check waiting, so it runs again only when what it said does not have the cause yet.
  let checked = '';
  const checks = async (t: Test, cause: RegExp): Promise<void> => {
    await lab.until(
      `check: ${cause}`,
      async () => {
        if (!cause.test(checked)) checked = await check(lab);
        return cause.test(checked);
      },
      90_000,
    );
    t.match(checked, cause, 'check');
  };

  await t.test('a policy denies: it is named with the rule that would have had to match', async (t) => {
    const { verdict, fix, lastRefusal } = await explains(t, 'guarded', /default\/only-friends/);
    t.equal(verdict, 'refused');
    t.match(fix, /add "cluster.local\/ns\/default\/sa\/default" to principals/);
    t.equal(lastRefusal?.policy, 'default/only-friends', 'as the end told it that decided');
    await checks(t, /service default\/guarded: \d+ % of connections are refused by default\/only-friends/);
    await shows(t, 'refusals', 'default/only-friends, no rule matched');
  });

  await t.test('a backend is slow: it is named beside the others', async (t) => {
    const slow =
      /default\/orders-slow is slow: it answers in 1\.\d s .*other workloads of default\/orders in/;
    const { verdict } = await explains(t, 'orders', slow);
    t.equal(verdict, 'allowed', 'nothing forbids it');
    await checks(t, slow);
    await shows(t, 'services', slow);
    await shows(t, 'topology', 'slow');
  });

  await t.test('a backend is dead: nothing listens, or there is none', async (t) => {
    const refused = /connecting to [\d.]+:9 failed: ECONNREFUSED/;
    await explains(t, 'hollow', refused);
    await checks(t, new RegExp(`service default/hollow: \\d+ % of connections fail: ${refused.source}`));
    await shows(t, 'services', refused);
    await explains(t, 'empty', /service default\/empty has no endpoint/);
    await checks(t, /service default\/empty: it has no endpoint/);
    await shows(t, 'services', 'it has no endpoint');
  });

  await t.test(
    'a waypoint is missing: its service is refused, and the name in the label is told',
    async (t) => {
      const { verdict } = await explains(t, 'astray', /waypoint default\/nowhere, which does not exist/);
      t.equal(verdict, 'refused');
      const { stdout } = await nodemesh(['analyze', '--lab', lab.name, '-o', 'json']);
      t.match(stdout, /waypoint \\"default\/nowhere\\" does not exist: connections are refused/, 'analyze');
      await checks(t, /service default\/astray: its waypoint default\/nowhere is missing/);
      await shows(t, 'refusals', /default\/nowhere, which does not exist/);
    },
  );

  await t.test('a proxy is stale: it is named where a way leads through it', async (t) => {
    await explains(t, 'far', /ztunnel\/node-2: (stale|lost)/);
    t.notMatch(causesOf(await explain(lab, 'hollow')), /ztunnel\/node-2/, 'and nowhere else');
    await checks(t, /proxy ztunnel\/node-2: (stale|gone): /);
    await shows(t, 'proxies', /not acknowledged for|no report for|it last reported/, 'ztunnel/node-2');
  });

  await t.test('a certificate is not renewed: whose it is and who holds it', async (t) => {
    const late = /certificate of spiffe:\/\/cluster.local\/ns\/default\/sa\/vault at ztunnel\/node-3/;
    await explains(t, 'vault', new RegExp(`${late.source}: expire.*not renewed`));
    await checks(t, late);
    t.match(
      await expiring(lab, `${SVID_TTL_SECONDS / 4}s`),
      /default\/sa\/vault .* yes .*ztunnel\/node-3/,
      'certificates',
    );
    await shows(t, 'certificates', /past three quarters of its life|expired/, 'default/sa/vault');
  });

  await t.test('and the first page sums them up', async (t) => {
    await page.evaluate(`location.hash = '/overview'`);
    const attention = page.getByRole('region', { name: 'What needs attention' });
    for (const text of [
      /orders-slow is slow/,
      /ECONNREFUSED/,
      /it has no endpoint/,
      /default\/nowhere does not exist/,
      /ztunnel\/node-2/,
      /certificate of default\/sa\/vault at ztunnel\/node-3/,
    ])
      await attention.getByText(text).first().waitFor({ timeout: 30_000 });
    t.pass('all but what policies refuse, which stands beside it');
    await page.locator('.refusals').getByText('default/only-friends, no rule matched').first().waitFor();
  });
  t.same(problems, [], 'scripts threw nothing and the policy refused nothing');
});

interface Checked {
  readonly name: string;
  readonly outcome: string;
  readonly seen: string;
}

async function explain(lab: TestLab, service: string): Promise<Explanation> {
  const asked = ['client', `${service}:8080`, '-n', 'default', '--lab', lab.name, '-o', 'json'];
  const { stdout, stderr } = await nodemesh(['explain', ...asked]);
  if (stdout === '') throw new Error(`explain ${service}: ${stderr}`);
  return JSON.parse(stdout) as Explanation;
}

/** What an answer says about why something does not go well. */
function causesOf({ because, findings, lastRefusal }: Explanation): string {
  const told = findings.map(({ what, message }) => `${what}: ${message}`);
  return [because, lastRefusal?.message ?? '', ...told].join('\n');
}

/** What check does not find in order, a line each. */
async function check(lab: TestLab): Promise<string> {
  const { stdout } = await nodemesh(['check', '--lab', lab.name, '-o', 'json']);
  const found = (JSON.parse(stdout) as readonly Checked[]).filter(({ outcome }) => outcome !== 'ok');
  return found.map(({ name, seen }) => `${name}: ${seen}`).join('\n');
}

/** Workloads' certificates that end within this time, as the controller knows them. */
async function expiring(lab: TestLab, within: string): Promise<string> {
  return (await nodemesh(['certificates', '--lab', lab.name, '--expiring', within, '--svid'])).stdout;
}

/** Where the dashboard of the mesh is, as the command says it. */
async function addressOf(lab: TestLab): Promise<string> {
  const { stdout } = await nodemesh(['dashboard', '--lab', lab.name, '-o', 'json']);
  return (JSON.parse(stdout) as { readonly url: string }).url;
}

function service(name: string, targetPort = 8080): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 8080, targetPort }] },
  };
}

function account(name: string): object {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } };
}

/** A Deployment of one pod, with an account of its own name. */
function server(name: string, app: string, nodeName: string, delayMs = 0): object {
  const spec = {
    nodeName,
    serviceAccountName: name,
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'main', command: ['node', '-e', SERVER, `${delayMs}`] }],
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: 1,
      selector: { matchLabels: { workload: name } },
      template: { metadata: { labels: { app, workload: name } }, spec },
    },
  };
}

/** Who is none of these is refused. */
const ONLY_FRIENDS = {
  apiVersion: 'security.istio.io/v1',
  kind: 'AuthorizationPolicy',
  metadata: { name: 'only-friends' },
  spec: {
    selector: { matchLabels: { app: 'guarded' } },
    action: 'ALLOW',
    rules: [{ from: [{ source: { principals: ['cluster.local/ns/default/sa/friend'] } }] }],
  },
};
