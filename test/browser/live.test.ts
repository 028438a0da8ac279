import { request } from '../support/dashboard-api/shop-requests.ts';
import { connection, refusal } from '../support/dashboard-api/shop-mesh.ts';
import { testDashboard } from './fixture.ts';

const WITHIN = { timeout: 2_000 };

testDashboard(
  'a refusal appears by itself with its rule, hop and hint, and is announced',
  async (t, { server, open }) => {
    const page = await open('refusals');
    await page.getByText('Live', { exact: true }).waitFor();
    server.refuse(
      refusal({
        id: 'new',
        atMs: Date.now(),
        policy: 'shop/freshly-applied',
        rule: 3,
        proxy: 'ztunnel/node-9',
        message: 'Rule 3 of freshly-applied denies it.',
        hint: 'Ask its owner.',
      }),
    );
    const row = page.getByRole('row', { name: /freshly-applied/ });
    await row.waitFor(WITHIN);
    for (const text of [
      'shop/freshly-applied, rule 3',
      'ztunnel/node-9',
      'Rule 3 of freshly-applied denies it.',
      'Ask its owner.',
    ])
      t.ok((await row.textContent())?.includes(text), text);
    await page
      .locator('[data-announcer]', { hasText: 'shop/shopper to shop/payments:8080' })
      .waitFor({ ...WITHIN, state: 'attached' });
    t.match(await page.getByRole('navigation').textContent(), /Refusals\s*17/);
  },
);

testDashboard(
  'the overview shows a new refusal and a new rate without being asked',
  async (_, { server, open }) => {
    const page = await open('overview');
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByText('97.2 % gets through. Refused most: shopper → cart; 2 more edges fail.').waitFor();
    server.refuse(refusal({ id: 'new', atMs: Date.now(), policy: 'shop/freshly-applied', rule: 1 }));
    await page.getByText('shop/freshly-applied, rule 1', { exact: true }).waitFor(WITHIN);
    const topology = server.mesh['/api/v1/topology'];
    server.say({ topic: 'topology', topology: { ...topology, edges: topology.edges.slice(0, 2) } });
    await page.getByText('Everything gets through.').waitFor(WITHIN);
  },
);

testDashboard('connections come and go as they open and close', async (_, { server, open }) => {
  const page = await open('connections');
  await page.getByText('6 of 6 open').waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  const fresh = connection({
    id: 'fresh',
    from: 'shopper',
    to: 'cart',
    direction: 'inbound',
    openedMs: Date.now(),
  });
  server.say({ topic: 'connections', opened: [fresh], closed: [] });
  await page.getByText('7 of 7 open').waitFor(WITHIN);
  const mesh = server.mesh['/api/v1/connections'];
  server.mesh = {
    ...server.mesh,
    '/api/v1/connections': { connections: [...mesh.connections, fresh], total: 7 },
  };
  server.say({
    topic: 'connections',
    opened: [],
    closed: [{ ...fresh, closedMs: Date.now(), error: 'policy changed' }],
  });
  await page.getByRole('region', { name: 'Ended connections' }).getByText('policy changed').waitFor(WITHIN);
});

testDashboard(
  'requests appear as they end, and are found by who asked, what became of them and what they say',
  async (t, { server, open }) => {
    const page = await open('requests');
    const rows = page.getByRole('region', { name: 'Requests, the newest first' }).locator('tbody tr');
    await page.getByText('21 of the last 21').waitFor();
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const fresh = request({ atMs: Date.now(), path: '/fresh', status: 504, attempts: 3, traceId });
    server.say({ topic: 'requests', requests: [fresh] });
    await page.getByText('22 of the last 22').waitFor(WITHIN);
    t.match(await rows.first().textContent(), /504GET \/freshcart:8080shop\/frontend/);
    await page.getByLabel('Outcome').selectOption('refused by a rule');
    await page.getByText('3 of the last 22').waitFor(WITHIN);
    t.match(await rows.first().textContent(), /403DELETE .*shop\/shopper.*shop\/cart-readsnot_allowed/);
    await page.getByLabel('Outcome').selectOption('failed');
    await page.getByLabel(/^Search/).fill('fresh 504');
    await page.getByText('1 of the last 22').waitFor(WITHIN);
    t.match(page.url(), /outcome=failed&search=fresh/, 'the address leads others to the same view');
    await page.getByRole('link', { name: `${traceId.slice(0, 8)}…` }).click();
    await page.getByRole('heading', { name: 'Trace', level: 1 }).waitFor();
  },
  'mesh',
);

testDashboard('a paused page stands still, and goes on afterwards', async (t, { server, open }) => {
  const page = await open('refusals');
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('Paused').waitFor();
  server.refuse(refusal({ id: 'meanwhile', atMs: Date.now(), policy: 'shop/meanwhile' }));
  await page.waitForTimeout(500);
  t.equal(await page.getByText('shop/meanwhile').count(), 0);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText('shop/meanwhile').first().waitFor(WITHIN);
});

testDashboard(
  'a page that is cut off says so, keeps what it knew, and comes back by itself',
  async (t, { server, open }) => {
    const page = await open('topology');
    await page.getByText('Live', { exact: true }).waitFor();
    server.cutLive();
    server.problem = {
      status: 503,
      body: { error: { code: 'ERR_TEST', message: 'The store is not there.', hint: 'Start it again.' } },
    };
    await page.getByText('Disconnected').waitFor(WITHIN);
    const alert = page.getByRole('alert');
    await alert.waitFor({ timeout: 10_000 });
    t.match(await alert.textContent(), /The store is not there\. ERR_TESTStart it again\./);
    t.ok(await page.locator('[data-node="workload/shop/cart"]').isVisible(), 'the graph is still there');
    server.problem = undefined;
    server.takesLive = true;
    await page.getByText('Live', { exact: true }).waitFor({ timeout: 15_000 });
    await alert.waitFor({ state: 'detached', timeout: 10_000 });
  },
);

testDashboard(
  'a node says of services behind waypoints where their requests are told of',
  async (t, { open }) => {
    const page = await open('overview');
    const link = page.getByRole('link', { name: 'requests to cart' });
    await link.waitFor();
    t.equal(await link.getAttribute('href'), 'https://mesh.example/#/overview');
  },
);
