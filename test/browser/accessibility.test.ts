import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { testDashboard } from './fixture.ts';
import { PAGES } from './pages.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds that keeps people out, with the parts that it found it at. */
async function seriousFindings(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  const findings: unknown = await page.evaluate(`axe.run(document).then(({ violations }) => violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ': ' + html.slice(0, 200) + ' ' + failureSummary)))`);
  return findings as readonly string[];
}

for (const colorScheme of ['dark', 'light'] as const) {
  for (const width of [1280, 400]) {
    testDashboard(
      `every page can be used by everybody: ${colorScheme}, ${width} pixels wide`,
      async (t, { open }) => {
        const page = await open('overview', {
          colorScheme,
          viewport: { width, height: 800 },
          reducedMotion: 'reduce',
        });
        for (const { place, shows } of PAGES) {
          await page.evaluate(`location.hash = ${JSON.stringify(`/${place}`)}`);
          await page.getByText(shows).first().waitFor({ state: 'attached' });
          t.same(await seriousFindings(page), [], `axe finds nothing serious on ${place}`);
          const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
          t.ok(Number(overflow) <= 0, `${place} is not wider than the screen`);
        }
      },
      'mesh',
    );
  }
}
