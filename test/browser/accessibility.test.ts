import { overflowOf, seriousFindings } from '../support/axe.ts';
import { testDashboard } from './fixture.ts';
import { PAGES } from './pages.ts';

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
          t.ok((await overflowOf(page)) <= 0, `${place} is not wider than the screen`);
        }
      },
      'mesh',
    );
  }
}
