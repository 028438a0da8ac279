import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Test, test } from 'tap';

const LIMIT_MIB = 512;
const SAYS_HEAP =
  "data:text/javascript,console.log('heap:'+process.report.getReport().javascriptHeap.memoryLimit/2**20)";
const hierarchy = memoryHierarchy();
const needsCgroups =
  hierarchy === undefined ? { skip: 'SKIPPED, NOT PASSED: no cgroups can be made on this machine' } : {};

test('a heap that is allowed more than the container may have is made to fit', needsCgroups, async (t) => {
  const heaps = heapsOf(t, '--max-old-space-size=4096');
  t.equal(heaps.length, 2, 'it began again');
  t.ok((heaps[0] ?? 0) >= 4096);
  t.ok((heaps[1] ?? Infinity) < LIMIT_MIB, `${heaps[1]} MiB fit`);
});

test('a heap that fits, or that nobody named, stays as it is', needsCgroups, async (t) => {
  t.equal(heapsOf(t, '--max-old-space-size=200').length, 1);
  t.equal(heapsOf(t, '').length, 1);
});

/** What each start of the program may have, in MiB, with these options in a group with a limit. */
function heapsOf(t: Test, options: string): readonly number[] {
  if (hierarchy === undefined) throw new Error('the tests are skipped where no cgroups can be made');
  const { folder, file } = hierarchy;
  const group = join(folder, `nodemesh-heap-${process.pid}`);
  mkdirSync(group);
  try {
    writeFileSync(join(group, file), `${LIMIT_MIB * 2 ** 20}`);
    const { stdout, status, stderr } = spawnSync(
      '/bin/sh',
      [
        '-c',
        'echo $$ > "$0" && exec "$@"',
        join(group, 'cgroup.procs'),
        process.execPath,
        resolve('bin/nodemesh.js'),
        '--version',
      ],
      { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: `${options} --import=${SAYS_HEAP}` } },
    );
    t.equal(status, 0, stderr);
    t.match(stdout, /^\d+\.\d+\.\d+$/m, 'and it does what it was asked');
    return [...stdout.matchAll(/^heap:(.+)$/gm)].map(([, heap]) => Number(heap));
  } finally {
    rmdirSync(group);
  }
}

/** Where groups with a limit of memory can be made, of whichever version. */
function memoryHierarchy(): { readonly folder: string; readonly file: string } | undefined {
  for (const [folder, file] of [
    ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'],
    ['/sys/fs/cgroup', 'memory.max'],
  ] as const) {
    const probe = join(folder, `nodemesh-probe-${process.pid}`);
    try {
      mkdirSync(probe);
    } catch {
      continue; // No such hierarchy, or none that we may change.
    }
    const hasLimit = existsSync(join(probe, file));
    rmdirSync(probe);
    if (hasLimit) return { folder, file };
  }
  return undefined;
}
