import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A cgroup for a node in each hierarchy of the machine: the node takes it for the root of all. */
export interface NodeCgroups {
  /** One in each hierarchy. */
  readonly folders: readonly string[];
  /** Once nothing runs in them any more. */
  remove(): Promise<void>;
}

export function createNodeCgroups(name: string): NodeCgroups {
  const folders = hierarchies().map((hierarchy) => {
    const folder = join(hierarchy, name);
    mkdirSync(folder);
    inherit(hierarchy, folder);
    return folder;
  });
  return {
    folders,
    async remove() {
      for (const folder of folders) await removeTree(folder);
    },
  };
}

/** Of version 2 there is one; of version 1 one for each controller. */
function hierarchies(): readonly string[] {
  if (existsSync(join(ROOT, 'cgroup.controllers'))) {
    const controllers = readFileSync(join(ROOT, 'cgroup.controllers'), 'utf8').trim().split(' ');
    writeFileSync(
      join(ROOT, 'cgroup.subtree_control'),
      controllers.map((controller) => `+${controller}`).join(' '),
    );
    return [ROOT];
  }
  return readdirSync(ROOT)
    .map((name) => join(ROOT, name))
    .filter((folder) => existsSync(join(folder, 'cgroup.procs')));
}

/** A new group of the cpuset controller (version 1) has no processor, and takes no process before it has. */
function inherit(from: string, to: string): void {
  for (const name of ['cpuset.cpus', 'cpuset.mems']) {
    if (!existsSync(join(to, name)) || existsSync(join(to, 'cgroup.type'))) continue;
    writeFileSync(join(to, name), readFileSync(join(from, name)));
  }
}

/** A process that was killed stays in its group for a moment. */
async function removeTree(folder: string): Promise<void> {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await removeTree(join(folder, entry.name));
  for (let left = TRIES; ; left -= 1) {
    try {
      rmdirSync(folder);
      return;
    } catch (error) {
      if (left === 0) throw error;
      await delay(100);
    }
  }
}

const ROOT = '/sys/fs/cgroup';
const TRIES = 100;
