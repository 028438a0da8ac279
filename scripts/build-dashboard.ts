// Builds the dashboard's pages into dist/dashboard: `node scripts/build-dashboard.ts [--if-newer]`. Quiet unless it fails.
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';

const root = join(import.meta.dirname, '..');
const from = join(root, 'src/dashboard');
const into = join(root, 'dist/dashboard');
const stamp = join(root, 'dist/.dashboard-built-from');

/** What the pages are made of, as of now. */
function sourceState(): string {
  const files = globSync(['src/dashboard/**/*.*', 'src/model/observation/*.ts', 'package-lock.json'], {
    cwd: root,
  });
  return files
    .sort()
    .map((file) => `${file} ${statSync(join(root, file)).mtimeMs}`)
    .join('\n');
}

function builtFrom(): string {
  return existsSync(stamp) && existsSync(join(into, 'index.html')) ? readFileSync(stamp, 'utf8') : '';
}

const state = sourceState();
if (!process.argv.includes('--if-newer') || builtFrom() !== state) {
  await build({
    configFile: false,
    root: from,
    // Relative, so that the pages may be served below any path.
    base: './',
    logLevel: 'warn',
    build: {
      outDir: into,
      emptyOutDir: true,
      target: 'es2022',
      // A data: address is an inline asset, which the pages' content security policy refuses.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
  });
  writeFileSync(stamp, state);
}
