import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { errnoOf, type Logger, silentLogger } from '../../src/base/index.ts';
import { installPlugin } from '../../src/cli/cni/node-chain.ts';
import { readPrivateFile, writePrivateFile } from '../../src/identity/index.ts';
import { createStateKeeper, readState, type SavedState } from '../../src/ztunnel/restart/index.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { enterSandbox } from '../support/netns.ts';

if (await enterSandbox(import.meta.filename)) {
  for (const how of ['full', 'read-only'] as const) {
    test(`${how}: a node's state cannot be saved: told once, what was saved before is what a restart reads`, async (t) => {
      const disk = mountDisk(t);
      const said: string[] = [];
      const clock = createFakeClock();
      const file = join(disk.folder, 'state');
      let state = stateWith('before');
      let attempts = 0;
      const snapshot = (): SavedState => {
        attempts += 1;
        return state;
      };
      const keeper = createStateKeeper({ file, snapshot, clock, log: recording(said) });
      const save = async (): Promise<void> => {
        const before = attempts;
        keeper.touch();
        // Writes that seem to take long are further apart.
        while (attempts === before) await clock.advance(1_000);
        await new Promise((resolve) => setImmediate(resolve));
      };
      await save();
      await until(() => existsSync(file));
      t.same(said, []);
      disk.spoil(how);
      state = stateWith('x'.repeat(10_000));
      for (let attempt = 0; attempt < 5; attempt++) await save();
      await until(() => said.length > 0 && readdirSync(disk.folder).filter(isPart).length === 0);
      t.equal(said.length, 1);
      t.match(said[0], /^warn state not saved.*state could not be written.*(?:ENOSPC|EROFS)/);
      t.equal((await readState(file, 'node-1'))?.svids, 'before');

      disk.mend();
      await save();
      await keeper.close();
      t.match(said[1], 'info state is saved again');
      t.equal((await readState(file, 'node-1'))?.svids, state.svids);
    });

    test(`${how}: a key cannot be written: one error, no part of it is left, and the old one stays`, async (t) => {
      const disk = mountDisk(t);
      const file = join(disk.folder, 'key.pem');
      await writePrivateFile(file, 'old');
      disk.spoil(how);
      for (let attempt = 0; attempt < 3; attempt++)
        await t.rejects(writePrivateFile(file, 'k'.repeat(10_000)), {
          code: 'ERR_IDENTITY_FILE',
          message: `cannot write ${file}`,
        });
      t.equal(await readPrivateFile(file), 'old');
      t.same(readdirSync(disk.folder).filter(isPart), []);
    });

    test(`${how}: the CNI plugin cannot be put there: one error says which file, and the chain is as it was`, async (t) => {
      const disk = mountDisk(t);
      const [bin, config] = ['bin', 'net.d'].map((name) => join(disk.folder, name));
      if (bin === undefined || config === undefined) throw new Error('expected two folders');
      for (const folder of [bin, config]) mkdirSync(folder);
      const chain = JSON.stringify({ cniVersion: '1.0.0', name: 'net', plugins: [{ type: 'bridge' }] });
      writeFileSync(join(config, '10-net.conflist'), chain);
      disk.spoil(how);
      const entry = { socket: '/run/nodemesh/cni.sock', passNamespaces: [] };
      const program = Buffer.alloc(20_000, 1);
      for (let attempt = 0; attempt < 3; attempt++)
        await t.rejects(installPlugin({ bin, config }, program, entry), {
          code: 'ERR_CLI_FILE',
          message: `${join(bin, 'nodemesh-cni')} could not be written`,
        });
      t.equal(readFileSync(join(config, '10-net.conflist'), 'utf8'), chain);
      t.same([...readdirSync(bin), ...readdirSync(config)], ['10-net.conflist']);

      disk.mend();
      await installPlugin({ bin, config }, program, entry);
      t.ok(readFileSync(join(bin, 'nodemesh-cni')).equals(program));
      t.match(readFileSync(join(config, '10-net.conflist'), 'utf8'), '"nodemesh-cni"');
    });
  }
}

interface Disk {
  readonly folder: string;
  spoil(how: 'full' | 'read-only'): void;
  mend(): void;
}

/** 64 KiB. */
function mountDisk(t: Test): Disk {
  const folder = mkdtempSync(join(tmpdir(), 'nodemesh-disk-'));
  const mount = (...options: readonly string[]): unknown => execFileSync('mount', [...options, folder]);
  mount('-t', 'tmpfs', '-o', 'size=64k,mode=0700', 'tmpfs');
  t.teardown(() => {
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true });
  });
  const ballast = join(folder, 'ballast');
  return {
    folder,
    spoil(how) {
      if (how === 'read-only') mount('-o', 'remount,ro');
      else fill(ballast);
    },
    mend() {
      mount('-o', 'remount,rw');
      rmSync(ballast, { force: true });
    },
  };
}

function fill(file: string): void {
  try {
    for (;;) appendFileSync(file, Buffer.alloc(4_096));
  } catch (error) {
    if (errnoOf(error) !== 'ENOSPC') throw error;
  }
}

/** It is the file system that is waited for, and not the clock of the test. */
async function until(isSo: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`waited in vain until ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function isPart(name: string): boolean {
  return !['state', 'key.pem', 'ballast'].includes(name);
}

function stateWith(svids: string): SavedState {
  return {
    node: 'node-1',
    boot: 'b1',
    workloads: [],
    services: [],
    policies: [],
    pods: [],
    leaving: [],
    attachments: [],
    memberships: undefined,
    older: new Map(),
    svids,
    versions: new Map(),
  };
}

function recording(lines: string[]): Logger {
  return {
    ...silentLogger,
    info: (event) => void lines.push(`info ${event}`),
    warn: (event, fields) => void lines.push(`warn ${event} ${JSON.stringify(fields)}`),
  };
}
