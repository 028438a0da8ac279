import type { BrowserContextOptions, Page } from 'playwright-core';
import { test } from 'tap';
import { overflowOf, seriousFindings } from '../support/axe.ts';
import { openPage, startBrowser } from '../support/browser.ts';
import { l7Shop } from './support/l7-traffic.ts';
import { nodemesh, startTestLab, type TestLab } from './support/lab-fixture.ts';

// The dashboard of the whole mesh over requests that go through a waypoint: answered, tried again, refused, failed.
const APPEARS = { timeout: 30_000 };
const REFUSED = 'shop/only-friends, no rule matched';

/** Each page, and a text that only the traffic of this shop makes. */
const PAGES = [
  ['overview', 'stranger → web'],
  ['topology', 'stranger → web'],
  ['refusals', REFUSED],
  ['workloads', 'shop/sa/stranger'],
  ['services', 'shop/web'],
  ['requests', 'shop/only-friends'],
  ['waypoints', 'shop/api-broken'],
  ['policies', 'shop/only-friends'],
  ['certificates', 'shop/sa/client'],
  ['proxies', 'waypoint/shop/waypoint-'],
] as const;

test('the dashboard of the whole mesh, over requests through a waypoint', { timeout: 360_000 }, async (t) => {
  const lab = await startTestLab('test-mesh-dashboard', {
    objects: l7Shop('shop'),
    flags: ['--trace-sampling', '100%'],
  });
  t.teardown(() => nodemesh(['lab', 'down', '--name', lab.name]));
  const applied = await nodemesh(['waypoint', 'apply', '-n', 'shop', '--wait', '--lab', lab.name]);
  if (applied.code !== 0) throw new Error(applied.stderr);
  const mesh = await addressOf(lab);
  const browser = await startBrowser();
  t.teardown(() => browser.close());
  const openAt = async (
    place: string,
    options: BrowserContextOptions = {},
  ): Promise<{ readonly page: Page; readonly problems: readonly string[] }> => {
    const opened = await openPage(browser, `${mesh}#/${place}`, { reducedMotion: 'reduce', ...options });
    await opened.page.getByText('Live', { exact: true }).waitFor();
    return opened;
  };

  await t.test(
    'every page shows what happens, in both themes, wide and narrow, and keeps nobody out',
    async (t) => {
      for (const [colorScheme, width] of [
        ['dark', 1280],
        ['light', 400],
        ['light', 1280],
        ['dark', 400],
      ] as const) {
        const { page, problems } = await openAt('overview', {
          colorScheme,
          viewport: { width, height: 800 },
        });
        for (const [place, text] of PAGES) {
          await page.evaluate(`location.hash = '/${place}'`);
          await page.locator('main').getByText(text).first().waitFor(APPEARS);
          t.same(
            await seriousFindings(page),
            [],
            `${place}, ${colorScheme}, ${width}: axe finds nothing serious`,
          );
          t.ok((await overflowOf(page)) <= 0, `${place}, ${colorScheme}, ${width}: fits`);
        }
        t.same(problems, [], 'scripts threw nothing and the policy refused nothing');
        await page.context().close();
      }
    },
  );

  await t.test(
    'the waypoint shows its routes with rates and latency, what was tried again, and whom it leaves out',
    async (t) => {
      const { page } = await openAt('waypoints');
      const waypoint = page.getByRole('region', { name: 'Waypoint shop/waypoint' });
      const route = waypoint.getByRole('row', { name: /shop\/web.*HTTPRoute/ }).first();
      await lab.until('requests of the route are counted, and their tries', async () => {
        const [requests = '', success = '', p50 = '', p90 = '', p99 = '', retries = ''] = (
          await route.locator('td.number').allTextContents()
        ).map((text) => text.trim());
        const isCounted = Number.parseFloat(requests) > 0 && Number.parseFloat(retries) > 0;
        return (
          isCounted && success.startsWith('100 %') && [p50, p90, p99].every((text) => / m?s$/.test(text))
        );
      });
      await waypoint.getByText('1 of 1 ready').waitFor();
      await waypoint.getByText('serves 2 services').waitFor(APPEARS);
      const ejected = waypoint.getByRole('region', { name: 'Ejected endpoints of shop/waypoint' });
      await ejected.getByText('shop/api-broken').waitFor(APPEARS);
      t.match(await ejected.textContent(), /shop\/api:8080.*consecutive-5xx-errors.*in \d+ s/);
      await waypoint.getByRole('link', { name: 'live requests' }).click();
      await page.getByRole('heading', { name: 'Requests', level: 1 }).waitFor();
      await page.locator('main').getByText('GET /flaky/').first().waitFor(APPEARS);
    },
  );

  await t.test('a request leads to its trace: client, waypoint, each try, server', async (t) => {
    const { page } = await openAt('requests?search=flaky');
    // Tried again: that is what its two tries are for.
    const row = page
      .locator('tbody tr', { has: page.locator('td .tone-text-warn', { hasText: '2' }) })
      .last();
    await row.waitFor(APPEARS);
    await page.getByRole('button', { name: 'Pause' }).click();
    await row.getByRole('link').click();
    await page.getByRole('button', { name: 'Go on' }).click();
    const spans = page.getByRole('region', { name: 'Spans' });
    const proxies = (): Promise<readonly string[]> =>
      spans.locator('tbody tr td:nth-child(2)').allTextContents();
    await lab.until(
      'all that carried it have told',
      async () => (await proxies()).length >= 6,
      APPEARS.timeout,
    );
    const seen = (await proxies()).map((proxy) => proxy.replace(/waypoint-.*/, 'waypoint'));
    t.same(seen, [
      'ztunnel/node-1',
      'waypoint/shop/waypoint',
      'waypoint/shop/waypoint',
      'ztunnel/node-2',
      'waypoint/shop/waypoint',
      'ztunnel/node-2',
    ]);
    const depths = await page.evaluate(
      `[...document.querySelectorAll('.waterfall details')].map((each) => parseInt(each.style.paddingLeft, 10) / 16)`,
    );
    t.same(depths, [0, 1, 2, 3, 2, 3]);
    t.equal((await spans.getByText('failed').count()) > 0, true, 'the first try is marked');
    t.same(await seriousFindings(page), []);
  });

  await t.test('from the graph by keyboard to what is refused and by which rule', async (t) => {
    const { page } = await openAt('topology');
    await page.getByText('5 min', { exact: true }).click();
    await page.getByLabel('Search').fill('shop/stranger');
    const stranger = page.locator('[data-node="workload/shop/stranger"]');
    await stranger.waitFor(APPEARS);
    await page.locator('[data-node="workload/shop/api-good"]').waitFor({ state: 'detached' });
    t.match(page.url(), /window=300/);
    await stranger.focus();
    const focused = (): Promise<unknown> => page.evaluate('document.activeElement.dataset.node');
    for (const key of ['ArrowRight', 'ArrowDown']) {
      if ((await focused()) === 'workload/shop/stranger') await page.keyboard.press(key);
    }
    t.equal(await focused(), 'workload/shop/web');
    await page.keyboard.press('Enter');
    const details = page.getByRole('complementary', { name: 'Details of web' });
    await details.getByText('shop/waypoint').first().waitFor();
    await details.getByRole('button', { name: 'stranger → web' }).focus();
    await page.keyboard.press('Enter');
    const edge = page.getByRole('complementary', { name: 'Details of stranger → web' });
    await edge.getByText(REFUSED).first().waitFor();
    t.match(await edge.textContent(), /many fail.*mutual TLS, http/);
    await page.keyboard.press('Escape');
    await edge.waitFor({ state: 'detached' });
  });

  await t.test('from the mesh to a node and back is a click each', async (t) => {
    const { page } = await openAt('overview');
    await page
      .getByRole('navigation', { name: 'Dashboards of nodes' })
      .getByRole('link', { name: 'node-2' })
      .click();
    await page.getByText('node node-2').waitFor();
    t.not(new URL(page.url()).host, new URL(mesh).host);
    await page.getByRole('link', { name: 'whole mesh' }).click(APPEARS);
    await page.waitForURL(({ host }) => host === new URL(mesh).host);
    await page.getByRole('banner').getByText('whole mesh').waitFor();
  });

  await t.test('tables say of proxies, pods and certificates what is known of them', async (t) => {
    const { page } = await openAt('proxies');
    for (const proxy of ['ztunnel/node-1', 'ztunnel/node-2', 'waypoint/shop/waypoint-']) {
      const row = page.getByRole('row', { name: new RegExp(proxy) });
      await row.getByText('current').waitFor(APPEARS);
      t.match(
        await row.textContent(),
        /current.*node-[12]\d+\.\d+\.\d+/,
        `${proxy} has a node and a version`,
      );
    }
    await page.evaluate(`location.hash = '/workloads?search=waypoint'`);
    await page.getByRole('row', { name: /shop\/waypoint-.*native/ }).waitFor(APPEARS);
    await page.evaluate(`location.hash = '/certificates?kind=root'`);
    await page.getByRole('button', { name: /^root-/ }).click();
    const details = page.getByRole('complementary', { name: /^Details of root-/ });
    t.match(await details.textContent(), new RegExp(`Begins${new Date().getFullYear()}-`));
  });
});

async function addressOf(lab: TestLab): Promise<string> {
  const { stdout } = await nodemesh(['dashboard', '--lab', lab.name, '-o', 'json']);
  return (JSON.parse(stdout) as { readonly url: string }).url;
}
