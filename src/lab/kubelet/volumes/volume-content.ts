import type { KubeObject, Volume, VolumeSource } from '../../cluster/objects/index.ts';

/** A token that is to be kept in a file of a volume. */
export interface TokenFilePlan {
  readonly path: string;
  readonly audience: string;
}

/** What is to be in a volume now. */
export interface VolumeContent {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly tokens: readonly TokenFilePlan[];
  /** Objects that it cannot do without and that are not there: `ConfigMap shop/settings`. */
  readonly missing: readonly string[];
}

/** A ConfigMap or Secret of the pod's own namespace. */
export type FindObject = (kind: 'ConfigMap' | 'Secret', name: string) => KubeObject | undefined;

/** True for the kinds of volumes that a lab has: emptyDir, configMap, secret, and projected ones of the latter and tokens. */
export function isKnownVolume(volume: Volume): boolean {
  return (
    'emptyDir' in volume ||
    volume.configMap !== undefined ||
    volume.secret !== undefined ||
    volume.projected !== undefined
  );
}

/** Pure but for what `find` looks up. */
export function volumeContent(volume: Volume, find: FindObject): VolumeContent {
  const files = new Map<string, Buffer>();
  const tokens: TokenFilePlan[] = [];
  const missing: string[] = [];
  const sources = volume.projected?.sources ?? [volume];
  for (const source of sources) {
    const { serviceAccountToken: token } = source;
    if (token !== undefined) {
      tokens.push({ path: safePath(token.path), audience: token.audience ?? 'istio-ca' });
      continue;
    }
    const wanted = objectOf(source);
    if (wanted === undefined) continue;
    const object = find(wanted.kind, wanted.name);
    if (object === undefined) {
      if (wanted.optional !== true) missing.push(`${wanted.kind} ${wanted.name}`);
      continue;
    }
    const data = dataOf(object);
    const items = wanted.items ?? [...data.keys()].map((key) => ({ key, path: key }));
    for (const { key, path } of items) {
      const content = data.get(key);
      if (content !== undefined) files.set(safePath(path), content);
    }
  }
  return { files, tokens, missing };
}

function objectOf({ configMap, secret }: VolumeSource) {
  if (configMap !== undefined)
    return { kind: 'ConfigMap' as const, ...configMap, name: configMap.name ?? '' };
  if (secret === undefined) return undefined;
  return { kind: 'Secret' as const, ...secret, name: secret.secretName ?? secret.name ?? '' };
}

function dataOf(object: KubeObject): ReadonlyMap<string, Buffer> {
  const binary = object.kind === 'Secret' ? ['data'] : ['binaryData'];
  const text = object.kind === 'Secret' ? ['stringData'] : ['data'];
  const read = (names: readonly string[], encoding: 'base64' | 'utf8'): readonly [string, Buffer][] =>
    names.flatMap((name) =>
      Object.entries((object[name] ?? {}) as Readonly<Record<string, unknown>>).map(
        ([key, value]): [string, Buffer] => [key, Buffer.from(String(value), encoding)],
      ),
    );
  return new Map([...read(binary, 'base64'), ...read(text, 'utf8')]);
}

/** A path stays inside its volume, whoever wrote it. */
function safePath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.' && part !== '..');
  return parts.join('/') || '_';
}
