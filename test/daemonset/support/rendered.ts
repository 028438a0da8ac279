import { spawnSync } from 'node:child_process';
import { parseAllDocuments } from 'yaml';
import type { Manifest } from '../../../src/cli/install/objects/manifest.ts';
import type { PodSpec } from './pod-security.ts';

export function documentsOf(text: string): readonly Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((object) => object !== null);
}

/** What kubectl makes of a kustomization; undefined where there is no kubectl. */
export function kustomized(folder: string): readonly Manifest[] | undefined {
  const { error, status, stdout, stderr } = spawnSync('kubectl', ['kustomize', folder], { encoding: 'utf8' });
  if (error !== undefined) return undefined;
  if (status !== 0) throw new Error(`kubectl kustomize ${folder}: ${stderr}`);
  return documentsOf(stdout);
}

/** By kind and name. Lists keep their order: pods whose volumes come in another one would be replaced by a change of the way. */
export function byIdentity(
  objects: readonly Manifest[],
  isOfInterest: (object: Manifest) => boolean = () => true,
): ReadonlyMap<string, Manifest> {
  return new Map(
    objects
      .filter(isOfInterest)
      .map((object): [string, Manifest] => [identityOf(object), object])
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  );
}

export function identityOf({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.namespace === undefined ? '' : `${String(metadata.namespace)}/`}${metadata.name}`;
}

/** The pods that an object makes, none for most. */
export function podOf(object: Manifest): PodSpec | undefined {
  const { spec } = object as unknown as {
    readonly spec?: { readonly template?: { readonly spec: PodSpec } };
  };
  return object.kind === 'Deployment' || object.kind === 'DaemonSet' ? spec?.template?.spec : undefined;
}
