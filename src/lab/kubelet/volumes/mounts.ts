import { mkdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Container, PodSpec } from '../../cluster/objects/index.ts';
import { isKnownVolume } from './volume-content.ts';

/** One folder that a container sees in place of another. */
export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** What a container sees of its volumes. */
export interface MountPlan {
  readonly mounts: readonly Mount[];
  /** Paths whose volumes a lab cannot give, each with why. */
  readonly ignored: readonly string[];
}

/**
 * Where a container's volumes go. A folder that is not there is made below /run alone, which is the lab's own: elsewhere
 * the files are this machine's.
 */
export function planMounts(container: Container, spec: PodSpec, directory: string): MountPlan {
  const mounts: Mount[] = [];
  const ignored: string[] = [];
  for (const { name = '', mountPath, readOnly = false, subPath } of container.volumeMounts ?? []) {
    const volume = spec.volumes?.find((candidate) => candidate.name === name);
    if (volume === undefined || !isKnownVolume(volume))
      ignored.push(`${mountPath}: a lab has no such volume`);
    else if (subPath !== undefined) ignored.push(`${mountPath}: a lab mounts no subPath`);
    else if (!makeFolder(mountPath)) ignored.push(`${mountPath}: this machine has no such folder`);
    else mounts.push({ source: join(directory, name), target: mountPath, readOnly });
  }
  return { mounts, ignored };
}

function makeFolder(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined) return found.isDirectory();
  if (!isBelowRun(path)) return false;
  mkdirSync(path, { recursive: true, mode: 0o755 });
  return true;
}

/** `/var/run` is a link to it on most machines. */
function isBelowRun(path: string): boolean {
  for (let parent = dirname(path); parent !== '/'; parent = dirname(parent)) {
    if (statSync(parent, { throwIfNoEntry: false }) === undefined) continue;
    const real = realpathSync(parent);
    return real === '/run' || real.startsWith('/run/');
  }
  return false;
}
