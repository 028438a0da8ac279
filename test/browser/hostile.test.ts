import { HOSTILE_TEXTS, hostileMesh, MARK, tainted } from '../support/dashboard-api/hostile-mesh.ts';
import { shopRequests } from '../support/dashboard-api/shop-requests.ts';
import { testDashboard } from './fixture.ts';
import { pagesOf } from './pages.ts';

/** What a reader would notice: a page that is wider than its window, or a text that leaves what it is in. */
const LOOK = `(() => {
  const root = document.scrollingElement;
  const width = root.clientWidth;
  const scrolls = (element) => {
    for (let at = element.parentElement; at !== null; at = at.parentElement)
      if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(at).overflowX)) return true;
    return false;
  };
  const outside = [...document.querySelectorAll('#content *, header *, nav *')]
    .filter((element) => element.getBoundingClientRect().right > width + 1 && !scrolls(element))
    .map((element) => element.tagName + '.' + element.getAttribute('class'));
  return {
    executed: window.executed !== undefined || document.querySelector('img[src=x], b[onmouseover]') !== null,
    wider: root.scrollWidth - width,
    outside: outside.slice(0, 5),
    hidden: /[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]/.test(document.body.innerText),
    tables: [...document.querySelectorAll('table')].filter((table) => table.scrollWidth > 6_000).length,
    scripts: [...document.querySelectorAll('a')].filter(({ href }) => /^javascript:/i.test(href)).length,
    tallest: Math.max(0, ...[...document.querySelectorAll('tr, li, dd, p')].map((e) => e.getBoundingClientRect().height)),
  };
})()`;

const CALM = { executed: false, wider: 0, outside: [], hidden: false, tables: 0, scripts: 0 };

testDashboard(
  'nothing that others have named is executed, turned, or in the way',
  async (t, { server, open }) => {
    const { mesh } = server;
    for (const [what, text] of Object.entries(HOSTILE_TEXTS)) {
      server.mesh = hostileMesh(mesh, text);
      const page = await open('overview');
      for (const { place, asks } of pagesOf('mesh')) {
        await page.evaluate(`location.hash = ${JSON.stringify(`/${place}`)}`);
        const content = page.locator('#content').getByText(MARK).first();
        if (asks === false) {
          // It is told to who follows: to be said once the page does, which has its first requests then.
          await page.locator('#content').getByText('/items/12').first().waitFor();
          server.say({ topic: 'requests', requests: tainted(shopRequests(Date.now()), text) });
        }
        await content.waitFor({ state: 'attached' });
        const { tallest, ...seen } = await page.evaluate<typeof CALM & { readonly tallest: number }>(LOOK);
        t.same(seen, CALM, `${what}: ${place}`);
        t.ok(tallest < 8_000, `${what}: ${place} has something of ${tallest} pixels`);
      }
      await page.context().close();
    }
  },
  'mesh',
);
