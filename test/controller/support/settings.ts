import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { inspectObject, type MeshObject, objectKindOf } from '../../../src/controller/objects/index.ts';
import type { MeshSettings } from '../../../src/controller/translate/index.ts';

/** The mesh that the conformance cases of Istio stand in. */
export const CONFORMANCE_SETTINGS: MeshSettings = {
  clusterId: 'cluster0',
  network: 'testnetwork',
  trustDomain: 'cluster.local',
  clusterDomain: 'domain.suffix',
  rootNamespace: 'istio-system',
};

/** Each document of a YAML file as plain data; empty documents are left out. */
export function readDocuments(path: string): readonly unknown[] {
  return parseAllDocuments(readFileSync(path, 'utf8')).flatMap((document): unknown[] => {
    const value: unknown = 'toJS' in document ? document.toJS() : undefined;
    return value === null || value === undefined ? [] : [value];
  });
}

/** An object that a test wrote: it must be without fault. Its namespace stays empty where none was given. */
export function objectOf<Kind extends MeshObject['kind']>(
  kind: Kind,
  value: unknown,
): Extract<MeshObject, { readonly kind: Kind }> {
  if (objectKindOf(value) !== kind) throw new Error(`not a ${kind}`);
  const { object, issues } = inspectObject(kind, value, '');
  if (issues.length > 0) throw new Error(JSON.stringify(issues));
  return object as Extract<MeshObject, { readonly kind: Kind }>;
}
