// `npm test [-- FILE…]`: the tests by tap, several files at a time, in a folder for temporary files that is gone afterwards, also
// when a test was killed and could not clean up.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** A lab takes up to a gigabyte. */
const MOST_FILES = 6;

// One to a core: more would be quicker, for files wait more than they work, and show what only a machine that is too busy shows.
const jobs = Math.max(2, Math.min(MOST_FILES, availableParallelism()));
// Short: paths of sockets have room for a hundred bytes.
const temporary = mkdtempSync(join(tmpdir(), 'nodemesh-tests-'));
// As /tmp: some tests run as another user.
chmodSync(temporary, 0o1777);
// The terminal interrupts tap too, which then ends its tests.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => tap.kill(signal));
const tap = spawn(
  'tap',
  ['run', `--jobs=${jobs}`, '--output-file=.tap/results.tap', ...process.argv.slice(2)],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      TMPDIR: temporary,
      NODE_COMPILE_CACHE: resolve('node_modules', '.cache', 'nodemesh'),
    },
  },
);
try {
  const [code] = (await once(tap, 'close')) as readonly [number | null];
  process.exitCode = code ?? 1;
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
