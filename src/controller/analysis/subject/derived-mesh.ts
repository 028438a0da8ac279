import { createMeshCollections, type MeshCollections } from '../../collections/index.ts';
import {
  type FieldIssue,
  formatIssue,
  inspectObject,
  isGuard,
  isToldFaulty,
  objectKindOf,
} from '../../objects/index.ts';
import type { ObjectEvent } from '../../sources/index.ts';
import type { MeshSettings } from '../../translate/index.ts';
import type { AnalysedObject } from './analysed-object.ts';

/** What an object does not fit its schema in. */
export interface SchemaVerdict {
  readonly object: AnalysedObject;
  readonly issues: readonly FieldIssue[];
  /** Fields that are passed over. */
  readonly notices: readonly FieldIssue[];
}

/** What a controller would make of the objects. */
export interface DerivedMesh {
  readonly collections: MeshCollections;
  readonly verdicts: readonly SchemaVerdict[];
}

/** Reads the objects and derives from them as the controller does, so that both are of one opinion. */
export function deriveMesh(objects: readonly AnalysedObject[], settings: MeshSettings): DerivedMesh {
  const collections = createMeshCollections(settings);
  const verdicts: SchemaVerdict[] = [];
  const events: ObjectEvent[] = [];
  for (const object of objects) {
    const kind = objectKindOf(object.content);
    if (kind === undefined) continue;
    const { object: parsed, issues, notices } = inspectObject(kind, object.content);
    if (issues.length > 0 || notices.length > 0) verdicts.push({ object, issues, notices });
    const stays = issues.length === 0 || isGuard(kind) || isToldFaulty(kind);
    if (stays) events.push({ type: 'upsert', object: parsed, faults: issues.map(formatIssue) });
  }
  collections.apply(events);
  return { collections, verdicts };
}
