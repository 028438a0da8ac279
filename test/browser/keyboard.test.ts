import { testDashboard } from './fixture.ts';

const FOCUSED = `document.activeElement.dataset.node ?? document.activeElement.textContent`;

testDashboard('the first Tab leads past the navigation to the content', async (t, { open }) => {
  const page = await open('workloads');
  await page.getByText('shop/sa/frontend').waitFor();
  await page.keyboard.press('Tab');
  t.equal(await page.evaluate(FOCUSED), 'Skip to content');
  await page.keyboard.press('Enter');
  t.equal(await page.evaluate(FOCUSED), 'Workloads');
  await page.keyboard.press('Tab');
  t.equal(
    await page.evaluate('document.activeElement.type'),
    'search',
    'then comes what the page begins with',
  );
});

testDashboard(
  'the graph is walked by arrow keys, Enter opens details, Escape closes them and leads back',
  async (t, { open }) => {
    const page = await open('topology');
    await page.locator('[data-node="workload/shop/frontend"]').focus();
    await page.keyboard.press('ArrowRight');
    const called = await page.evaluate(FOCUSED);
    t.match(called, /^workload\/shop\/(cart|catalog)$/);
    await page.locator('[data-node="workload/shop/cart"]').focus();
    await page.keyboard.press('ArrowRight');
    t.equal(await page.evaluate(FOCUSED), 'workload/shop/payments');
    await page.keyboard.press('Enter');
    const details = page.getByRole('complementary', { name: 'Details of payments' });
    await details.waitFor();
    t.equal(await page.evaluate(FOCUSED), 'payments', 'details take the focus');
    t.match(await details.textContent(), /shop\/payments-from-cart, no rule matched/);
    await page.keyboard.press('Escape');
    await details.waitFor({ state: 'detached' });
    t.equal(await page.evaluate(FOCUSED), 'workload/shop/payments', 'and give it back');
  },
);

testDashboard('tables sort by their headings, and rows open their details', async (t, { open }) => {
  const page = await open('workloads');
  await page.getByRole('button', { name: 'Open' }).focus();
  await page.keyboard.press('Enter');
  t.equal(await page.getByRole('columnheader', { name: 'Open' }).getAttribute('aria-sort'), 'descending');
  t.match(await page.locator('tbody tr').first().textContent(), /24/);
  await page.keyboard.press('Enter');
  t.match(await page.locator('tbody tr').first().textContent(), /12/);
  await page.getByRole('button', { name: /^shop\/cart/ }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('complementary', { name: /Details of cart/ }).waitFor();
});

testDashboard(
  'whoever goes to another page is told its name, and links lead where they say',
  async (t, { open }) => {
    const page = await open('overview');
    await page.getByRole('link', { name: 'Certificates' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Certificates', level: 1 }).waitFor();
    t.equal(await page.evaluate(FOCUSED), 'Certificates');
    t.equal(await page.title(), 'Certificates · node-1 · nodemesh');
  },
);

testDashboard(
  'what is chosen in the graph is in sight, also where details leave little room',
  async (t, { open }) => {
    const viewport = { width: 900, height: 800 };
    const page = await open('topology?chosen=workload/shop/payments', { viewport });
    await page.getByRole('complementary', { name: 'Details of payments' }).waitFor();
    const node = await page.locator('[data-node="workload/shop/payments"]').boundingBox();
    const frame = await page.locator('.graph-frame').boundingBox();
    t.ok(
      node !== null && frame !== null && node.x >= frame.x && node.x + node.width <= frame.x + frame.width,
    );
  },
);
