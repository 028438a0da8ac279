import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const UID = '8f6c6a52-3f1e-4b5e-9a0f-0d3c5b1f7e10';
const UNDERSCORED = UID.replaceAll('-', '_');
/** Of a static pod: a hash. */
export const STATIC_UID = '4f1e5b0b5e1f4c7f8d4b8a2a1c9d0e3f';
const CONTAINER = '9d0e3f4f1e5b0b5e1f4c7f8d4b8a2a1c9d0e3f4f1e5b0b5e1f4c7f8d4b8a2a1c';

/** What runtimes make of a pod's uid, below the root of a hierarchy. */
export const CGROUP_LAYOUTS: Readonly<Record<string, { readonly path: string; readonly uid: string }>> = {
  'systemd driver, containerd, burstable': {
    path: `kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${UNDERSCORED}.slice/cri-containerd-${CONTAINER}.scope`,
    uid: UID,
  },
  'systemd driver, CRI-O, best effort': {
    path: `kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${UNDERSCORED}.slice/crio-${CONTAINER}.scope`,
    uid: UID,
  },
  'systemd driver, guaranteed': {
    path: `kubepods.slice/kubepods-pod${UNDERSCORED}.slice/cri-containerd-${CONTAINER}.scope`,
    uid: UID,
  },
  'cgroupfs driver, burstable': { path: `kubepods/burstable/pod${UID}/${CONTAINER}`, uid: UID },
  'cgroupfs driver, guaranteed': { path: `kubepods/pod${UID}/${CONTAINER}`, uid: UID },
  'cgroupfs driver, CRI-O': { path: `kubepods/besteffort/pod${UID}/crio-${CONTAINER}`, uid: UID },
  'kind, systemd driver': {
    path: `kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod${UNDERSCORED}.slice/cri-containerd-${CONTAINER}.scope`,
    uid: UID,
  },
  'kind, cgroupfs driver': { path: `kubelet/kubepods/burstable/pod${UID}/${CONTAINER}`, uid: UID },
  'k3s in a container, systemd names without systemd': {
    path: `system.slice/k3s.service/kubepods-burstable-pod${UNDERSCORED}.slice:cri-containerd:${CONTAINER}`,
    uid: UID,
  },
  'static pod, systemd driver': {
    path: `kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${STATIC_UID}.slice/cri-containerd-${CONTAINER}.scope`,
    uid: STATIC_UID,
  },
  'static pod, cgroupfs driver': {
    path: `kubepods/burstable/pod${STATIC_UID}/${CONTAINER}`,
    uid: STATIC_UID,
  },
};

/** The path of each layout for a pod of another uid. */
export function cgroupPaths(uid: string): readonly string[] {
  return Object.values(CGROUP_LAYOUTS)
    .filter((layout) => layout.uid === UID)
    .map(({ path }) => path.replace(UID, uid).replace(UNDERSCORED, uid.replaceAll('-', '_')));
}

/** Real cgroups in one hierarchy of this machine. */
export interface TestCgroups {
  readonly version: 1 | 2;
  /** Moves a process into the group of that path, which is made if need be. */
  put(pid: number, path: string): void;
  /** Removes them all; their processes must have ended. */
  close(): void;
}

/** The hierarchies where this process may make groups: of version 2, and systemd's of version 1 where there is one. */
export function openTestCgroups(): readonly TestCgroups[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const find = (type: string, option: string): string | undefined =>
    mounts
      .map((line) => line.split(' '))
      .find(([, , kind, options = '']) => kind === type && options.split(',').includes(option))?.[1];
  const roots = [
    [2, find('cgroup2', 'rw')],
    [1, find('cgroup', 'name=systemd')],
  ] as const;
  return roots.flatMap(([version, mountPoint]) => {
    if (mountPoint === undefined) return [];
    const root = join(mountPoint, `nodemesh-test-${process.pid}-${process.hrtime.bigint()}`);
    try {
      mkdirSync(root);
    } catch {
      // Not allowed here, or read-only.
      return [];
    }
    return [cgroupsBelow(root, version)];
  });
}

function cgroupsBelow(root: string, version: 1 | 2): TestCgroups {
  const made = new Set<string>([root]);
  return {
    version,
    put(pid, path) {
      let folder = root;
      for (const part of path.split('/')) {
        folder = join(folder, part);
        mkdirSync(folder, { recursive: true });
        made.add(folder);
      }
      writeFileSync(join(folder, 'cgroup.procs'), String(pid));
    },
    close() {
      for (const folder of [...made].toReversed()) rmdirSync(folder);
    },
  };
}
