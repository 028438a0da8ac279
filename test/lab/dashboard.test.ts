import type { Page } from 'playwright-core';
import { type Test, test } from 'tap';
import { openPage, startBrowser } from '../support/browser.ts';
import { echo, nodemesh, pod, startTestLab, type TestLab } from './support/lab-fixture.ts';

/** Asks two services for ever, a new connection each time. */
const LOAD = `
for (;;) {
  for (const name of ['web', 'api'])
    await fetch('http://' + name + '/', { headers: { connection: 'close' } }).then((r) => r.text(), () => undefined);
  await new Promise((r) => setTimeout(r, 50));
}`;
/** Opens a connection and keeps it; again when it is closed. */
const HOLD = `
const open = () => require('node:net').connect(80, 'api').on('error', () => undefined).on('close', () => setTimeout(open, 500));
open();`;

/** Who is none of these is refused. */
const ONLY_FRIENDS = {
  apiVersion: 'security.istio.io/v1',
  kind: 'AuthorizationPolicy',
  metadata: { name: 'only-friends' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    action: 'ALLOW',
    rules: [{ from: [{ source: { principals: ['cluster.local/ns/default/sa/friend'] } }] }],
  },
};

/** Pages of a node, and a text of each that only real traffic makes. */
const OF_A_NODE = [
  ['overview', 'client → web'],
  ['topology', 'client → api'],
  ['workloads', 'default/client'],
  ['services', 'default/web'],
  ['connections', 'default/api:80'],
  ['certificates', 'default/sa/default'],
] as const;
const OF_THE_MESH = [
  ['workloads', 'default/client'],
  ['services', 'default/web'],
  ['certificates', 'root-'],
  ['proxies', 'ztunnel/node-2'],
] as const;

test('the dashboards of a lab under traffic', { timeout: 240_000 }, async (t) => {
  const lab = await startTestLab('test-dashboard', {
    objects: [
      pod('client', ['node', '--input-type=module', '-e', LOAD], { nodeName: 'node-1' }),
      pod('holder', ['node', '-e', HOLD], { nodeName: 'node-1' }),
      ...echo('web', 1),
      ...echo('api', 1),
    ],
  });
  t.teardown(() => nodemesh(['lab', 'down', '--name', lab.name]));
  const browser = await startBrowser();
  t.teardown(() => browser.close());
  await lab.run('label', 'ns', 'default', 'istio.io/dataplane-mode=ambient');

  const shows = async (t: Test, page: Page, pages: readonly (readonly [string, string])[]): Promise<void> => {
    for (const [place, text] of pages) {
      await page.evaluate(`location.hash = '/${place}'`);
      await page.locator('main').getByText(text).first().waitFor({ timeout: 20_000 });
      t.pass(`${place} shows ${text}`);
    }
  };

  const node = await openPage(browser, await addressOf(lab, 'node-1'));
  await node.page.getByText('Live', { exact: true }).waitFor();
  await t.test("every page of the client's node shows what happens there", (t) =>
    shows(t, node.page, OF_A_NODE),
  );

  const mesh = await openPage(browser, await addressOf(lab));
  await t.test('the page of the mesh shows all of it', (t) => shows(t, mesh.page, OF_THE_MESH));

  await t.test('a refusal appears on the page that is open, with its rule', async (t) => {
    const [where] = (await lab.get('pods', '-l', 'app=web')).items;
    const server = (where?.spec as { readonly nodeName?: string } | undefined)?.nodeName ?? 'node-1';
    const { page, problems } = await openPage(browser, `${await addressOf(lab, server)}#/refusals`);
    await page.getByText('Live', { exact: true }).waitFor();
    t.equal(await page.getByText('default/only-friends').count(), 0, 'nothing is refused yet');
    await lab.apply(ONLY_FRIENDS);
    const first = page.locator('.refusals').getByText('default/only-friends, no rule matched');
    await first.waitFor({ timeout: 60_000 });
    t.match(await page.locator('.refusals').first().textContent(), /default\/client → default\/web/);
    await page.evaluate(`location.hash = '/policies'`);
    await page.locator('main').getByText('default/only-friends').waitFor();
    t.same(problems, []);
  });

  t.same([...node.problems, ...mesh.problems], [], 'scripts threw nothing and the policy refused nothing');
});

/** Where a dashboard is, as the command says it. */
async function addressOf(lab: TestLab, node?: string): Promise<string> {
  const which = node === undefined ? [] : ['--node', node];
  const { stdout } = await nodemesh(['dashboard', '--lab', lab.name, '-o', 'json', ...which]);
  return (JSON.parse(stdout) as { readonly url: string }).url;
}
