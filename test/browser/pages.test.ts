import { largeMesh } from '../support/dashboard-api/large-mesh.ts';
import { testDashboard } from './fixture.ts';
import { PAGES, pagesOf } from './pages.ts';

for (const scope of ['node', 'mesh'] as const) {
  testDashboard(
    `every page shows its content: ${scope}`,
    async (t, { open }) => {
      const page = await open('overview');
      for (const { place, shows } of pagesOf(scope)) {
        await page.evaluate(`location.hash = ${JSON.stringify(`/${place}`)}`);
        await page.getByText(shows).first().waitFor({ state: 'attached' });
      }
      const links = await page.getByRole('navigation').getByRole('link').allTextContents();
      t.equal(links.length, scope === 'node' ? 10 : 11);
      t.ok(links.includes(scope === 'node' ? 'Connections' : 'Proxies'), links.join());
    },
    scope,
  );
}

testDashboard('an API that answers with a problem never leaves a page blank', async (t, { server, open }) => {
  server.problem = {
    status: 500,
    body: { error: { code: 'ERR_TEST', message: 'Nothing can be said.', hint: 'Look at the log.' } },
  };
  const page = await open('overview');
  for (const { place } of PAGES.filter(({ asks }) => asks !== false)) {
    await page.evaluate(`location.hash = ${JSON.stringify(`/${place}`)}`);
    await page.getByRole('alert').getByText('Nothing can be said.').first().waitFor();
  }
  t.ok(await page.getByText('Look at the log.').first().isVisible());
});

testDashboard('a page that nobody knows leads back', async (t, { open }) => {
  const page = await open('nowhere');
  await page.getByRole('link', { name: 'Go to the overview' }).click();
  await page.getByText('Who talks to whom', { exact: true }).waitFor();
  t.match(page.url(), /#\/overview$/);
});

testDashboard(
  'a token that is no longer good is asked for, and taken by the server as it takes one in an address',
  async (_, { server, open }) => {
    server.problem = {
      status: 401,
      body: { error: { code: 'ERR_TEST', message: 'a token is needed', hint: 'give one' } },
    };
    const page = await open('refusals');
    await page.getByLabel('Token').fill('secret');
    server.problem = undefined;
    const asked = page.waitForRequest((request) => request.url().endsWith('/?token=secret'));
    await page.getByRole('button', { name: 'Show the dashboard' }).click();
    await asked;
    await page.getByText('waypoint/shop/waypoint-7d4f9').first().waitFor();
  },
);

testDashboard(
  'the graph drills down from namespaces to what fails and by which rule',
  async (t, { server, open }) => {
    const shop = server.mesh['/api/v1/topology'];
    const large = largeMesh(Date.now(), 500)['/api/v1/topology'];
    const both = { ...large, nodes: [...large.nodes, ...shop.nodes], edges: [...large.edges, ...shop.edges] };
    server.mesh = { ...server.mesh, '/api/v1/topology': both };
    const page = await open('topology');
    await page.locator('[data-node="namespace/shop"]').click();
    await page.getByRole('button', { name: 'Look into shop' }).click();
    await page.locator('[data-node="workload/shop/payments"]').click();
    const details = page.getByRole('complementary', { name: 'Details of payments' });
    await details.getByRole('button', { name: 'shopper → payments' }).click();
    const edge = page.getByRole('complementary', { name: 'Details of shopper → payments' });
    await edge.getByText('shop/payments-from-cart, no rule matched').waitFor();
    t.match(await edge.textContent(), /many fail[\s\S]*mutual TLS/);
    t.match(page.url(), /namespace=shop/, 'the address leads others to the same place');
  },
  'mesh',
);

testDashboard(
  'five hundred workloads are a hundred rows at first, and all can be found',
  async (t, { server, open }) => {
    server.mesh = largeMesh(Date.now(), 500);
    const page = await open('workloads');
    await page.getByText('100 of 500 shown.').waitFor();
    t.equal(await page.locator('tbody tr').count(), 100);
    await page.getByRole('button', { name: 'Show 100 more' }).click();
    t.equal(await page.locator('tbody tr').count(), 200);
    await page.getByLabel(/^Search/).fill('app-499');
    await page.getByText('1 of 500').waitFor();
    t.equal(await page.locator('tbody tr').count(), 1);
  },
  'mesh',
);

testDashboard(
  'colours follow the system until the person chooses, and the choice is kept',
  async (_, { open }) => {
    const page = await open('overview', { colorScheme: 'light' });
    const theme = (name: string): Promise<void> => page.locator(`html[data-theme=${name}]`).waitFor();
    await theme('light');
    await page.emulateMedia({ colorScheme: 'dark' });
    await theme('dark');
    await page.getByRole('button', { name: 'Light colours' }).click();
    await theme('light');
    await page.reload();
    await theme('light');
  },
);

testDashboard('the whole mesh is one click away from a node', async (t, { open }) => {
  const page = await open('workloads');
  const link = page.getByRole('banner').getByRole('link', { name: 'whole mesh' });
  t.equal(await link.getAttribute('href'), 'https://mesh.example/');
  await page.evaluate(`location.hash = '/waypoints'`);
  const routes = page.getByRole('link', { name: /^Its routes/ });
  t.equal(
    await routes.getAttribute('href'),
    'https://mesh.example/#/waypoints',
    'which has more of waypoints',
  );
});

testDashboard(
  'every node is one click away from the mesh: on the overview, beside its proxy, and of a pod the same pod there',
  async (t, { open }) => {
    const page = await open('overview');
    const nodes = page.getByRole('navigation', { name: 'Dashboards of nodes' });
    await nodes.getByRole('link', { name: 'node-2' }).waitFor();
    t.equal(await nodes.getByRole('link').count(), 3);
    await page.evaluate(`location.hash = '/proxies'`);
    const row = page.getByRole('row', { name: /ztunnel\/node-3/ });
    t.equal(await row.getByRole('link', { name: 'node-3' }).getAttribute('href'), 'https://node-3.example/');
    await page.evaluate(`location.hash = '/workloads?chosen=cluster.local//Pod/shop/cart-1'`);
    const details = page.getByRole('complementary', { name: /Details of cart/ });
    t.match(
      await details.getByRole('link', { name: 'node-1' }).getAttribute('href'),
      /^https:\/\/node-1\.example\/#\/workloads\?chosen=.*cart-1$/,
    );
  },
  'mesh',
);

testDashboard('on a narrow screen the name of the page that is open is in sight', async (t, { open }) => {
  const page = await open('certificates', { viewport: { width: 400, height: 800 } });
  const name = page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Certificates' });
  await name.waitFor();
  const inSight = `(() => {
    const { left, right } = document.querySelector('[aria-current=page]').getBoundingClientRect();
    return left >= 0 && right <= innerWidth;
  })()`;
  t.equal(await page.evaluate(inSight), true);
});
