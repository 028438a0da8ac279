import { createMeshCollections, type MeshCollections } from '../../../src/controller/collections/index.ts';
import {
  formatIssue,
  inspectObject,
  objectKey,
  objectKindOf,
} from '../../../src/controller/objects/index.ts';
import type { ObjectEvent } from '../../../src/controller/sources/index.ts';
import type { MeshSettings } from '../../../src/controller/translate/index.ts';
import { CONFORMANCE_SETTINGS } from './settings.ts';

export interface TestMesh {
  readonly collections: MeshCollections;
  /** Objects of kinds that the mesh reads; each must be without fault. */
  apply(...values: readonly unknown[]): void;
  remove(...values: readonly unknown[]): void;
}

/** The collections of a mesh with these objects, without anything around them. Other kinds are passed over. */
export function meshOf(values: readonly unknown[], settings: MeshSettings = CONFORMANCE_SETTINGS): TestMesh {
  const collections = createMeshCollections(settings);
  const eventsOf = (type: 'upsert' | 'delete', objects: readonly unknown[]): readonly ObjectEvent[] =>
    objects.flatMap((value): readonly ObjectEvent[] => {
      const kind = objectKindOf(value);
      if (kind === undefined) return [];
      const { object, issues } = inspectObject(kind, value);
      if (issues.length > 0)
        throw new Error(`${kind} ${object.meta.name}: ${issues.map(formatIssue).join('; ')}`);
      return [type === 'upsert' ? { type, object, faults: [] } : { type, kind, key: objectKey(object.meta) }];
    });
  const mesh = {
    collections,
    apply: (...objects: readonly unknown[]) => collections.apply(eventsOf('upsert', objects)),
    remove: (...objects: readonly unknown[]) => collections.apply(eventsOf('delete', objects)),
  };
  mesh.apply(...values);
  return mesh;
}

/** A Service with a cluster IP; each port a number, or all of what a Service says of it. */
export function serviceObject(
  namespace: string,
  name: string,
  ports: readonly (number | Readonly<Record<string, unknown>>)[] = [80],
): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name },
    spec: {
      clusterIP: '10.96.0.1',
      ports: ports.map((port) => (typeof port === 'number' ? { name: `port-${port}`, port } : port)),
    },
  };
}
