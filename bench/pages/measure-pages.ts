import { openPage, startBrowser } from '../../test/support/browser.ts';
import { serveFixture } from '../../test/support/dashboard-api/fixture-server.ts';
import { largeMesh } from '../../test/support/dashboard-api/large-mesh.ts';

/** How long a page of the dashboard takes to open. */
export interface PageFigure {
  readonly page: string;
  readonly workloads: number;
  /** From the navigation's start to the first frame with the page's content, in milliseconds. */
  readonly medianMs: number;
  readonly worstMs: number;
}

/** Opens pages of the built dashboard over a fixture of so many workloads, each time in a session without a cache. */
export async function measurePages(workloads: number, rounds: number): Promise<readonly PageFigure[]> {
  const server = await serveFixture(largeMesh(Date.now(), workloads), 'dist/dashboard');
  const browser = await startBrowser();
  try {
    const figures: PageFigure[] = [];
    for (const [page, content] of CONTENT) {
      const times: number[] = [];
      // The first one also starts a process of the browser, and is left out.
      for (let round = 0; round <= rounds; round++) {
        times.push(await openingMs(browser, `${server.url}#/${page}`, content));
      }
      const inOrder = times.slice(1).sort((a, b) => a - b);
      figures.push({
        page,
        workloads,
        medianMs: inOrder[Math.floor(inOrder.length / 2)] ?? Number.NaN,
        worstMs: inOrder.at(-1) ?? Number.NaN,
      });
    }
    return figures;
  } finally {
    await browser.close();
    await server.close();
  }
}

/** The figures as a table of Markdown. */
export function formatPages(figures: readonly PageFigure[]): string {
  const rows = figures.map(
    ({ page, workloads, medianMs, worstMs }) =>
      `| ${page}, ${workloads} workloads | ${medianMs.toFixed(0)} ms | ${worstMs.toFixed(0)} ms |`,
  );
  return ['| page | median | worst |', '| --- | --- | --- |', ...rows, ''].join('\n');
}

async function openingMs(
  browser: Awaited<ReturnType<typeof startBrowser>>,
  url: string,
  content: string,
): Promise<number> {
  const { page } = await openPage(browser, 'about:blank');
  // The page itself notes the frame, so that the way to the browser and back is not measured.
  await page.addInitScript(`window.opened = new Promise((resolve) => (function look() {
    if (document.querySelector(${JSON.stringify(content)})) resolve(performance.now());
    else requestAnimationFrame(look);
  })())`);
  await page.goto(url);
  const opened = Number(await page.evaluate('window.opened'));
  await page.context().close();
  return opened;
}

/** What a page has when somebody can read it. */
const CONTENT = [
  ['overview', '[data-node]'],
  ['topology', '[data-node]'],
  ['workloads', 'tbody tr:nth-child(100)'],
  ['services', '.chart canvas'],
] as const;
