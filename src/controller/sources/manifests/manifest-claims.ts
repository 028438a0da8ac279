import type { MeshObject, ObjectKind } from '../../objects/index.ts';
import { isGuard, isToldFaulty, objectKey } from '../../objects/index.ts';
import type { ObjectEvent, SourceProblem } from '../object-source.ts';
import type { ManifestContent, ManifestEntry } from './manifest-text.ts';

/** What the files claim to contain, object by object, and which claim is in force. Pure state: no files, no time. */
export interface ManifestClaims {
  /** Takes a file's new content, or undefined when the file is gone. The changes show in the next `flush`. */
  update(file: string, content: ManifestContent | undefined): void;
  /** A file that cannot be read: what it said before stays in force. */
  unreadable(file: string, message: string): void;
  /** What is in force in these namespaces shows in the next `flush` once more. */
  repeat(namespaces: ReadonlySet<string>): void;
  /** The events for all updates since the last flush. */
  flush(): readonly ObjectEvent[];
  problems(): readonly SourceProblem[];
  /** Whether the file had any object in force or in waiting. */
  hasObjects(file: string): boolean;
}

interface FileState {
  readonly claims: ReadonlyMap<string, ManifestEntry>;
  readonly problems: readonly SourceProblem[];
}

interface InForce {
  readonly kind: ObjectKind;
  readonly key: string;
  readonly content: string;
  readonly sound: boolean;
  readonly generation: number;
}

/** No file claims anything. */
export function createManifestClaims(): ManifestClaims {
  const files = new Map<string, FileState>();
  const claimants = new Map<string, Set<string>>();
  const inForce = new Map<string, InForce>();
  const again = new Set<string>();
  const dirty = new Set<string>();
  const unknownKinds = new Map<string, string>();
  // What problems() looks at is kept small, for it is asked after every change of one file among thousands.
  const faulty = new Map<string, readonly SourceProblem[]>();
  const contested = new Set<string>();

  function replace(file: string, next: FileState | undefined): void {
    for (const id of files.get(file)?.claims.keys() ?? []) {
      claimants.get(id)?.delete(file);
      dirty.add(id);
    }
    if (next === undefined) files.delete(file);
    else files.set(file, next);
    if (next === undefined || next.problems.length === 0) faulty.delete(file);
    else faulty.set(file, next.problems);
    for (const id of next?.claims.keys() ?? []) {
      const claiming = claimants.get(id) ?? new Set();
      claimants.set(id, claiming.add(file));
      dirty.add(id);
    }
  }

  /** The first file by name wins, so that the choice does not depend on who was read first. */
  function winner(id: string): ManifestEntry | undefined {
    const [first] = [...(claimants.get(id) ?? [])].sort();
    return first === undefined ? undefined : files.get(first)?.claims.get(id);
  }

  return {
    update(file, content) {
      if (content === undefined) return replace(file, undefined);
      for (const kind of content.unknownKinds) if (!unknownKinds.has(kind)) unknownKinds.set(kind, file);
      replace(file, merge(file, files.get(file), content));
    },
    unreadable(file, message) {
      const problem = { severity: 'error', file, line: 1, field: '', object: '', message } as const;
      replace(file, { claims: files.get(file)?.claims ?? new Map(), problems: [problem] });
    },
    repeat(namespaces) {
      for (const [id, { key }] of inForce) {
        if (!namespaces.has(key.slice(0, Math.max(0, key.indexOf('/'))))) continue;
        again.add(id);
        dirty.add(id);
      }
    },
    flush() {
      const events: ObjectEvent[] = [];
      for (const id of dirty) {
        const before = inForce.get(id);
        const entry = winner(id);
        if ((claimants.get(id)?.size ?? 0) > 1) contested.add(id);
        else contested.delete(id);
        if (entry === undefined) {
          claimants.delete(id);
          if (before === undefined) continue;
          inForce.delete(id);
          events.push({ type: 'delete', kind: before.kind, key: before.key });
          continue;
        }
        const sound = entry.faults.length === 0;
        const isSame = before?.content === entry.content && before.sound === sound;
        if (isSame && !again.has(id)) continue;
        const object = numbered(named(entry), (before?.generation ?? 0) - (isSame ? 1 : 0));
        const { kind, meta } = object;
        const { generation } = meta;
        inForce.set(id, { kind, key: objectKey(meta), content: entry.content, sound, generation });
        const { content, faults } = entry;
        events.push({ type: 'upsert', object, faults, written: () => JSON.parse(content) as unknown });
      }
      dirty.clear();
      again.clear();
      return events;
    },
    problems() {
      const all = [...faulty.values()].flat();
      for (const id of contested) {
        const [first = '', ...others] = [...(claimants.get(id) ?? [])].sort();
        for (const file of others) {
          const line = files.get(file)?.claims.get(id)?.line ?? 1;
          const message = `is in ${first} too, which counts; this one is passed over`;
          all.push({ severity: 'error', file, line, field: '', object: id, message });
        }
      }
      for (const [kind, file] of unknownKinds) {
        const message = `objects of the kind ${kind} are not read; this is said once per kind`;
        all.push({ severity: 'notice', file, line: 1, field: '', object: '', message });
      }
      return all.sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
    },
    hasObjects: (file) => (files.get(file)?.claims.size ?? 0) > 0,
  };
}

/**
 * What a file says now, with what it said before filling the gaps: an object that has become faulty stays as it was when
 * it was sound (as an API server would have refused the change), and so does one that may be hidden in a part that is
 * not YAML. A policy does not: which version was there before must not decide who gets through. Some kinds that were never
 * sound are told with their faults all the same, since it is said by a condition what becomes of them.
 */
function merge(file: string, before: FileState | undefined, content: ManifestContent): FileState {
  const claims = new Map<string, ManifestEntry>();
  const problems = [...content.problems];
  for (const entry of content.entries) {
    if (claims.has(entry.id)) {
      const { line, id } = entry;
      const message = 'is in this file twice; the first one counts';
      problems.push({ severity: 'error', file, line, field: '', object: id, message });
      continue;
    }
    const known = before?.claims.get(entry.id);
    const isKept = known !== undefined && known.faults.length === 0;
    if (entry.faults.length === 0 || isGuard(entry.object.kind)) claims.set(entry.id, entry);
    else if (isKept || !isToldFaulty(entry.object.kind)) keep(claims, before, entry.id);
    else claims.set(entry.id, entry);
  }
  if (content.incomplete) {
    for (const id of before?.claims.keys() ?? []) if (!claims.has(id)) keep(claims, before, id);
  }
  return { claims, problems };
}

function keep(claims: Map<string, ManifestEntry>, before: FileState | undefined, id: string): void {
  const entry = before?.claims.get(id);
  if (entry !== undefined) claims.set(id, entry);
}

/** A policy may have lost even its name; it still needs one that is its own. */
function named(entry: ManifestEntry): MeshObject {
  const { object } = entry;
  if (object.meta.name !== '') return object;
  return {
    ...object,
    meta: { ...object.meta, name: entry.id.replaceAll(/[^A-Za-z0-9]+/g, '-').toLowerCase() },
  };
}

/** Where nobody counts an object's versions they are counted here, from 1, so that a status can say which one it is of. */
function numbered(object: MeshObject, before: number): MeshObject {
  if (object.meta.generation > 0) return object;
  return { ...object, meta: { ...object.meta, generation: before + 1 } };
}
