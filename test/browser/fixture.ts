import { type Test, test } from 'tap';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { openPage, startBrowser } from '../support/browser.ts';
import { type FixtureServer, serveFixture } from '../support/dashboard-api/fixture-server.ts';
import { shopMesh } from '../support/dashboard-api/shop-mesh.ts';

/** The built pages over a fixture of the shop, in a browser. */
export interface Dashboard {
  readonly server: FixtureServer;
  readonly browser: Browser;
  /** Opens a place of it. */
  open(place: string, options?: BrowserContextOptions): Promise<Page>;
}

/**
 * A test of the pages of a node or the mesh. It fails on what scripts throw and on what the content security policy refuses,
 * whatever else it is about.
 */
export function testDashboard(
  name: string,
  run: (t: Test, dashboard: Dashboard) => Promise<void>,
  scope: 'node' | 'mesh' = 'node',
): void {
  test(name, async (t) => {
    const server = await serveFixture(shopMesh(Date.now(), scope), 'dist/dashboard');
    const browser = await startBrowser();
    t.teardown(async () => {
      await browser.close();
      await server.close();
    });
    const allProblems: (readonly string[])[] = [];
    await run(t, {
      server,
      browser,
      async open(place, options) {
        const { page, problems } = await openPage(browser, `${server.url}#/${place}`, options);
        allProblems.push(problems);
        return page;
      },
    });
    t.same(allProblems.flat(), [], 'scripts threw nothing and the policy refused nothing');
  });
}
