// Makes the pictures of the dashboard in docs/images, from the built pages and the fixture of the browser tests:
// `npm run screenshots [-- FOLDER [PAGE:THEME:WIDTH …]]`.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openPage, startBrowser } from '../test/support/browser.ts';
import { serveFixture } from '../test/support/dashboard-api/fixture-server.ts';
import { largeMesh } from '../test/support/dashboard-api/large-mesh.ts';
import { shopMesh } from '../test/support/dashboard-api/shop-mesh.ts';

const DEFAULT = [
  'overview:dark:1280',
  'topology:light:1280',
  'refusals:dark:1280',
  'requests:light:1280:mesh',
];
const [folder = 'docs/images', ...wanted] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const now = Date.now();
const server = await serveFixture(shopMesh(now, 'node'), 'dist/dashboard');
const browser = await startBrowser();
try {
  for (const picture of wanted.length === 0 ? DEFAULT : wanted) {
    const [place = '', theme, width, scale] = picture.split(':');
    server.mesh = scale === 'large' ? largeMesh(now, 500) : shopMesh(now, scale === 'mesh' ? 'mesh' : 'node');
    const { page, problems } = await openPage(browser, `${server.url}#/${place}`, {
      colorScheme: theme === 'light' ? 'light' : 'dark',
      viewport: { width: Number(width), height: 800 },
      deviceScaleFactor: wanted.length === 0 ? 1.25 : 1,
      reducedMotion: 'reduce',
    });
    await page.getByText('Asking …').waitFor({ state: 'detached' });
    await page.waitForTimeout(400); // charts and the graph settle
    const name = `${place.split('?')[0]}-${theme}${wanted.length === 0 ? '' : `-${width}`}.png`;
    await page.screenshot({ path: join(folder, name), fullPage: wanted.length > 0 });
    for (const problem of problems) process.stderr.write(`${picture}: ${problem}\n`);
    await page.context().close();
  }
} finally {
  await browser.close();
  await server.close();
}
