import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { silentLogger } from '../../src/base/index.ts';
import { type ManagedProcess, startManagedProcess } from '../../src/lab/mesh/managed-process.ts';
import { until } from '../mesh/support/world.ts';

interface Managed {
  readonly process: ManagedProcess;
  /** Process ids of all that were started. */
  started(): readonly string[];
}

/** A shell that writes down that it was started, and then does `then`. `onWait`: it has ended, and will be started again. */
function managed(t: Test, then: string, onWait: () => void = () => undefined): Managed {
  const folder = mkdtempSync(join(tmpdir(), 'nodemesh-managed-'));
  const logFile = join(folder, 'log');
  const process = startManagedProcess({
    name: 'test',
    command: ['sh', '-c', `echo $$; ${then}`],
    environment: { PATH: '/usr/bin:/bin' },
    logFile,
    log: { ...silentLogger, warn: () => queueMicrotask(onWait) },
  });
  t.teardown(async () => {
    const gone = process.retire();
    process.signal('SIGKILL');
    await gone;
    rmSync(folder, { recursive: true });
  });
  return { process, started: () => readFileSync(logFile, 'utf8').split('\n').filter(Boolean) };
}

test('a process that ends is started again', async (t) => {
  const { process, started } = managed(t, 'exit 3');
  await until('a second start', async () => started().length >= 2);
  t.equal(process.lastEnd, 'exit 3');
  t.ok(process.restarts >= 1);
});

test('a process that is held while it waits for its next start is started once by the end of the hold', async (t) => {
  const { process, started } = managed(t, 'exec sleep 600', () => {
    process.hold();
    process.resume();
  });
  await until('the first start', async () => started().length === 1);
  process.signal('SIGKILL');
  await until('the second start', async () => started().length === 2);
  const { pid } = process;
  // Longer than the longest wait for a next start.
  await new Promise((settle) => setTimeout(settle, 800));
  t.equal(started().length, 2);
  t.equal(process.pid, pid);
});

test('a process that is held does not come back, and one that is retired meanwhile is gone at once', async (t) => {
  const { process, started } = managed(t, 'exec sleep 600');
  await until('the first start', async () => started().length === 1);
  process.hold();
  await until('its end', async () => process.pid === undefined);
  await new Promise((settle) => setTimeout(settle, 800));
  t.equal(started().length, 1);
  await process.retire();
});
