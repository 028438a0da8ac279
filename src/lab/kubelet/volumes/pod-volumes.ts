import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ObjectStore } from '../../cluster/index.ts';
import type { PodObject, Volume } from '../../cluster/objects/index.ts';
import { keepTokenFile, type TokenFile, type TokenIssuer, type TokenSubject } from '../../mesh/index.ts';
import { isKnownVolume, type VolumeContent, volumeContent } from './volume-content.ts';

/** Whose volumes, and what is in them. */
export interface PodVolumesOptions {
  readonly pod: PodObject;
  /** Where the volumes of this pod are kept, each in a folder of its name. */
  readonly directory: string;
  readonly store: ObjectStore;
  readonly tokens: TokenIssuer;
  readonly subject: TokenSubject;
  onError(error: unknown): void;
}

/** The volumes of one pod, in folders that its containers mount; kept up to date until closed. */
export interface PodVolumes {
  /** What is still missing: `ConfigMap settings`. Empty: containers may start. */
  missing(): readonly string[];
  /** Resolves when the first tokens are in their files. */
  readonly tokensWritten: Promise<void>;
  /** Removes everything. */
  close(): void;
}

/** Follows ConfigMaps and Secrets, and renews tokens, until it is closed. */
export function openPodVolumes(options: PodVolumesOptions): PodVolumes {
  const { pod, directory, store, tokens, subject } = options;
  const { namespace } = pod.metadata;
  const volumes = (pod.spec.volumes ?? []).filter(isKnownVolume);
  const kept: TokenFile[] = [];
  let closed = false;
  const contentOf = (volume: Volume): VolumeContent =>
    volumeContent(volume, (kind, name) => store.getAny(kind, namespace, name));

  const writeAll = (): void => {
    for (const volume of volumes) {
      const { files, tokens: held } = contentOf(volume);
      const keep = new Set([...files.keys(), ...held.map(({ path }) => path)]);
      writeFiles(join(directory, volume.name), files, 'emptyDir' in volume ? undefined : keep);
    }
  };
  const keepTokens = async (): Promise<void> => {
    for (const volume of volumes) {
      for (const { path, audience } of contentOf(volume).tokens) {
        const file = join(directory, volume.name, path);
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        const token = await keepTokenFile(tokens, { ...subject, audience }, file, options.onError);
        if (closed) token.close();
        else kept.push(token);
      }
    }
  };

  if (volumes.length > 0) mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeAll();
  const unsubscribe = store.changes.subscribe(({ object }) => {
    if (object.metadata.namespace !== namespace) return;
    if (object.kind === 'ConfigMap' || object.kind === 'Secret') writeAll();
  });
  return {
    missing: () => volumes.flatMap((volume) => contentOf(volume).missing),
    tokensWritten: keepTokens(),
    close() {
      closed = true;
      unsubscribe();
      for (const token of kept) token.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Each file is replaced as a whole; those outside `keep` go. */
function writeFiles(
  folder: string,
  files: ReadonlyMap<string, Buffer>,
  keep: ReadonlySet<string> | undefined,
): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  if (keep !== undefined) {
    const tops = new Set([...keep].map((path) => path.split('/')[0]));
    // A token's successor stands beside it for a moment.
    for (const name of readdirSync(folder))
      if (!tops.has(name) && !name.endsWith('.new')) rmSync(join(folder, name), { recursive: true });
  }
  for (const [path, content] of files) {
    const file = join(folder, path);
    if (existsSync(file) && readFileSync(file).equals(content)) continue;
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    writeFileSync(`${file}.new`, content, { mode: 0o644 });
    renameSync(`${file}.new`, file);
  }
}
