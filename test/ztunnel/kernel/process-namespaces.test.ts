import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { systemClock } from '../../../src/base/index.ts';
import { createProcessNamespaces } from '../../../src/ztunnel/kernel/index.ts';
import { createTestNamespace, endProcess, enterSandbox, type TestNamespace } from '../../support/netns.ts';
import { CGROUP_LAYOUTS, openTestCgroups, type TestCgroups, UID } from '../support/pod-cgroups.ts';
import { podOf } from '../support/pod-of.ts';

const LAYOUT = 'cgroupfs driver, burstable';
const ADDRESS = '10.244.1.7';

if (await enterSandbox(import.meta.filename)) {
  const hierarchies = openTestCgroups();
  const needsCgroups =
    hierarchies.length > 0 ? {} : { skip: 'SKIPPED, NOT PASSED: no cgroups can be made on this machine' };
  for (const cgroups of hierarchies) cgroups.close();

  for (const [name, { path, uid }] of Object.entries(CGROUP_LAYOUTS))
    test(`a pod's namespace is found by its processes: ${name}`, needsCgroups, async (t) => {
      for (const cgroups of openTestCgroups()) {
        const world = createWorld(t, cgroups);
        const pod = world.pod(ADDRESS);
        world.put(pod.start('sleep', '60'), path);
        const namespaces = createProcessNamespaces({ proc: '/proc', clock: systemClock });
        const opened = await namespaces.open(podOf({ kubernetesUid: uid }));
        t.equal(opened.inode, pod.namespace.inode, `version ${cgroups.version}`);
        t.ok(await namespaces.isCurrent(podOf({ kubernetesUid: uid }), opened));
        opened.close();
        await world.close();
      }
    });

  test(
    'processes of the node are never taken, however old, and one process is enough',
    needsCgroups,
    async (t) => {
      const world = openWorld(t);
      // As CRI-O's monitor: in the pod's cgroup, in the node's network.
      world.put(spawn('sleep', ['60']));
      await t.rejects(world.namespaces.open(podOf()), {
        code: 'ERR_ZTUNNEL_POD_NAMESPACE',
        message: /shop\/cart \(uid .*node's own network/,
      });
      const pod = world.pod(ADDRESS);
      const pause = world.put(pod.start('sleep', '60'));
      const opened = await world.namespaces.open(podOf());
      t.equal(opened.inode, pod.namespace.inode);
      await endProcess(pause);
      opened.close();
      await world.close();
    },
  );

  test(
    'a namespace without the pod’s address is not the pod’s, and the error names what was found',
    needsCgroups,
    async (t) => {
      const world = openWorld(t);
      const other = world.pod('10.244.1.99');
      world.put(other.start('sleep', '60'));
      await t.rejects(world.namespaces.open(podOf()), {
        code: 'ERR_ZTUNNEL_POD_NAMESPACE',
        message:
          /no network namespace with 10\.244\.1\.7 .*of \d+ processes in \/proc, process \d+ is in a network with .*10\.244\.1\.99/,
      });
      const own = world.pod(ADDRESS);
      world.put(own.start('sleep', '60'));
      const opened = await world.namespaces.open(podOf());
      t.equal(opened.inode, own.namespace.inode, 'a younger process with the address is the right one');
      opened.close();
      await world.close();
    },
  );

  test(
    'the oldest process counts, and when it ends another one of the same namespace does',
    needsCgroups,
    async (t) => {
      const world = openWorld(t);
      const pod = world.pod(ADDRESS);
      const pause = world.put(pod.start('sleep', '60'));
      const opened = await world.namespaces.open(podOf());
      const container = world.put(pod.start('sleep', '60'));
      await endProcess(pause);
      t.ok(await world.namespaces.isCurrent(podOf(), opened), 'its container lives on');
      await endProcess(container);
      t.ok(
        await world.namespaces.isCurrent(podOf(), opened),
        'between two containers it still has its address',
      );
      pod.run('ip', 'link', 'delete', 'eth0');
      t.notOk(await world.namespaces.isCurrent(podOf(), opened), 'its network was taken down');
      opened.close();
      await world.close();
    },
  );

  test('a sandbox that is made anew is another namespace', needsCgroups, async (t) => {
    const world = openWorld(t);
    const first = world.pod(ADDRESS);
    const pause = world.put(first.start('sleep', '60'));
    const opened = await world.namespaces.open(podOf());
    await endProcess(pause);
    const second = world.pod(ADDRESS);
    world.put(second.start('sleep', '60'));
    t.notOk(await world.namespaces.isCurrent(podOf(), opened));
    const again = await world.namespaces.open(podOf());
    t.equal(again.inode, second.namespace.inode);
    opened.close();
    again.close();
    await world.close();
  });

  test('a pod without uid, or without processes, is told so', async (t) => {
    const namespaces = createProcessNamespaces({ proc: '/proc', clock: systemClock });
    await t.rejects(namespaces.open(podOf({ kubernetesUid: '' })), { message: /it has no uid to look for/ });
    await t.rejects(namespaces.open(podOf()), { message: /of \d+ processes in \/proc, none is of this pod/ });
    const nowhere = createProcessNamespaces({ proc: '/no/such/proc', clock: systemClock });
    await t.rejects(nowhere.open(podOf()), { code: 'ERR_NET_SYSTEM_CALL', message: /no\/such\/proc/ });
  });

  test('ten thousand processes, some of which end meanwhile: one look serves all who wait, and others get their turn', async (t) => {
    const pod = createTestNamespace('crowded');
    pod.run('ip', 'address', 'add', `${ADDRESS}/24`, 'dev', 'lo');
    const pause = pod.start('sleep', '60');
    const proc = crowdedProc(pause.pid ?? 0, UID);
    let turns = 0;
    const turn = setInterval(() => {
      turns += 1;
    }, 1);
    const namespaces = createProcessNamespaces({ proc, clock: systemClock });
    const asked = Array.from({ length: 100 }, () => namespaces.open(podOf()));
    const startedMs = performance.now();
    for (const namespace of await Promise.all(asked)) {
      t.equal(namespace.inode, pod.namespace.inode);
      namespace.close();
    }
    clearInterval(turn);
    t.comment(`${(performance.now() - startedMs).toFixed(0)} ms, ${turns} turns for others meanwhile`);
    t.ok(turns > 2);
    await endProcess(pause);
    pod.close();
    rmSync(proc, { recursive: true });
  });
}

interface World {
  readonly namespaces: ReturnType<typeof createProcessNamespaces>;
  /** A namespace with that address on its `eth0`. */
  pod(address: string): TestNamespace;
  /** Moves a process into the cgroup of the pod. */
  put(child: ChildProcess, path?: string): ChildProcess;
  close(): Promise<void>;
}

function openWorld(t: Test): World {
  const [cgroups, ...others] = openTestCgroups();
  for (const other of others) other.close();
  if (cgroups === undefined) throw new Error('no cgroups');
  return createWorld(t, cgroups);
}

function createWorld(t: Test, cgroups: TestCgroups): World {
  const opened: TestNamespace[] = [];
  const children: ChildProcess[] = [];
  let closed = false;
  // The pauses between two looks are no reason for a process to live.
  const alive = setInterval(() => undefined, 1_000);
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    clearInterval(alive);
    await Promise.all(children.map(endProcess));
    for (const namespace of opened) namespace.close();
    cgroups.close();
  };
  t.teardown(close);
  return {
    namespaces: createProcessNamespaces({ proc: '/proc', clock: systemClock }),
    pod(address) {
      const pod = createTestNamespace(`pod-${opened.length}`);
      opened.push(pod);
      pod.run('ip', 'link', 'add', 'eth0', 'type', 'bridge');
      pod.run('ip', 'address', 'add', `${address}/24`, 'dev', 'eth0');
      return pod;
    },
    put(child, path = CGROUP_LAYOUTS[LAYOUT]?.path ?? '') {
      children.push(child);
      cgroups.put(child.pid ?? 0, path);
      return child;
    },
    close,
  };
}

/** A /proc that looks crowded, in the sandbox's own memory: one real process, the machine's first, and ten thousand of which half have just ended. */
function crowdedProc(pid: number, uid: string): string {
  const proc = mkdtempSync('/run/proc-');
  const add = (name: number, cgroup: string | undefined, realPid: number): void => {
    const folder = join(proc, String(name));
    mkdirSync(join(folder, 'ns'), { recursive: true });
    if (cgroup === undefined) return;
    writeFileSync(join(folder, 'cgroup'), cgroup);
    symlinkSync(`/proc/${realPid}/stat`, join(folder, 'stat'));
    symlinkSync(`/proc/${realPid}/ns/net`, join(folder, 'ns/net'));
  };
  add(1, '0::/init.scope\n', 1);
  for (let index = 2; index < 10_000; index += 1)
    add(index, index % 2 === 0 ? `0::/system.slice/service-${index}.service\n` : undefined, 1);
  add(20_000, `0::/kubepods/pod${uid}/container\n`, pid);
  return proc;
}
