import { chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Mount } from './oci-spec.ts';
import type { PodContainer, PodSpec, PodVolume } from './pod-spec.ts';

/** Files of volumes that the kubelet writes (projected tokens, ConfigMaps, Secrets), by volume and name. */
export type VolumeFiles = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Where a service account's token is mounted that the pod has not declined. */
export const ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';
const ACCOUNT_VOLUME = 'service-account';

/**
 * The mounts of a container. `host` stands for the node's root file system: hostPath volumes are below it, but /proc, which
 * is the real one. `folder` takes what the kubelet would write.
 */
export function mountsOf(
  pod: PodSpec,
  container: PodContainer,
  { host, folder, files }: { readonly host: string; readonly folder: string; readonly files: VolumeFiles },
): readonly Mount[] {
  const volumes = new Map((pod.volumes ?? []).map((volume) => [volume.name, volume]));
  const mounts = (container.volumeMounts ?? []).map(({ name, mountPath, readOnly = false }): Mount => {
    const volume = volumes.get(name);
    if (volume === undefined) throw new Error(`expected a volume ${name} in the pod`);
    if (volume.emptyDir !== undefined) return tmpfs(mountPath, volume.emptyDir.sizeLimit ?? '');
    const { hostPath } = volume;
    const source =
      hostPath === undefined
        ? kubeletFolder(pod, join(folder, name), files[name] ?? {})
        : nodeFolder(host, hostPath);
    return bind(source, mountPath, readOnly);
  });
  if (pod.automountServiceAccountToken === false) return mounts;
  const account = kubeletFolder(pod, join(folder, ACCOUNT_VOLUME), files[ACCOUNT_VOLUME] ?? {});
  return [...mounts, bind(account, ACCOUNT_FOLDER, true)];
}

/** What the files of the account's volume are called: see VolumeFiles. */
export function accountFiles(files: Readonly<Record<'token' | 'ca.crt' | 'namespace', string>>): VolumeFiles {
  return { [ACCOUNT_VOLUME]: files };
}

/** Of everybody who may read it in a cluster: the pod's group, else its one user, else all. */
function kubeletFolder(pod: PodSpec, folder: string, files: Readonly<Record<string, string>>): string {
  mkdirSync(folder, { recursive: true });
  const group = pod.securityContext?.fsGroup;
  const users = new Set(
    pod.containers.map(({ securityContext }) => securityContext?.runAsUser ?? pod.securityContext?.runAsUser),
  );
  const [user] = users;
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    if (group !== undefined) {
      writeFileSync(file, text, { mode: 0o640 });
      chownSync(file, 0, group);
    } else if (users.size === 1 && user !== undefined) {
      writeFileSync(file, text, { mode: 0o600 });
      chownSync(file, user, 0);
    } else writeFileSync(file, text, { mode: 0o644 });
  }
  return folder;
}

function nodeFolder(host: string, { path, type = '' }: NonNullable<PodVolume['hostPath']>): string {
  if (path === '/proc') return path;
  const place = join(host, path);
  if (type === 'DirectoryOrCreate') mkdirSync(place, { recursive: true });
  if (type === 'FileOrCreate') {
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, '', { flag: 'a' });
  }
  if (type === 'Directory' && !statSync(place).isDirectory()) throw new Error(`expected a folder ${place}`);
  return place;
}

function bind(source: string, destination: string, readOnly: boolean): Mount {
  return { destination, source, type: 'bind', options: ['rbind', 'rprivate', readOnly ? 'ro' : 'rw'] };
}

function tmpfs(destination: string, limit: string): Mount {
  const size = limit === '' ? [] : [`size=${limit.replace('Mi', 'm')}`];
  return { destination, source: 'tmpfs', type: 'tmpfs', options: ['nosuid', 'nodev', 'mode=1777', ...size] };
}
