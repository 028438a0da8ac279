import { hash } from 'node:crypto';
import type { KubernetesObject, WatchEvent } from '../../kubernetes/index.ts';
import {
  formatFieldPath,
  inspectObject,
  isGuard,
  isToldFaulty,
  type MeshObject,
  type ObjectKind,
  UNKNOWN_FIELD,
} from '../../objects/index.ts';
import type { ObjectEvent, SourceProblem } from '../object-source.ts';
import { type ReadKind, resourceName } from './kind-table.ts';
import { isOlder } from './resource-version.ts';
import { stripObject } from './strip-object.ts';

/** What is known of the objects of one kind. Pure state: no requests, no time. Changes show in the next `flush`. */
export interface KindView {
  /** The version in which objects come from now on; some are read by other rules in another one. */
  setVersion(apiVersion: string): void;
  /** Lists come in pages; what no page had is deleted when the list is complete, and not before. */
  beginList(): ListInProgress;
  apply(event: WatchEvent): void;
  /** What is in these namespaces is new when it is listed next, even if it is as it was. */
  forgetContents(namespaces: ReadonlySet<string>): void;
  /** The kind is no longer served. */
  clear(): void;
  flush(): readonly ObjectEvent[];
  problems(): readonly SourceProblem[];
  /** Counts up with every change of the problems. */
  readonly problemsVersion: number;
  readonly size: number;
}

/** A list as its pages come; what is not in it when it is complete is gone. */
export interface ListInProgress {
  add(page: readonly KubernetesObject[]): void;
  complete(): void;
}

interface Known {
  readonly version: string;
  /** Of what we read of it. */
  readonly digest: string;
  /** Something of it has been told, or is about to be. */
  readonly isInForce: boolean;
  readonly isSound: boolean;
}

/** An object as it came. */
interface Seen {
  readonly key: string;
  readonly version: string;
  readonly digest: string;
  readonly stripped: object;
}

/** Knows no object. */
export function createKindView(readKind: ReadKind): KindView {
  const { kind } = readKind;
  let apiVersion = '';
  const known = new Map<string, Known>();
  const pending = new Map<string, ObjectEvent>();
  const told = new Set<string>();
  const faulty = new Map<string, readonly SourceProblem[]>();
  /** Versions of the last few deletions: a change from before one of them is an echo. */
  const deleted = new Map<string, string>();
  let problemsVersion = 0;

  function put({ key, version, digest, stripped }: Seen): void {
    const before = known.get(key);
    if (before?.digest === digest) {
      known.set(key, { ...before, version });
      return;
    }
    const whole = { apiVersion, kind, ...stripped };
    const { object, faults, problems } = inspect(readKind, key, whole);
    setProblems(key, problems);
    const isSound = faults.length === 0;
    const isKept = before?.isInForce === true && before.isSound;
    // A guard must not vanish, and what has a condition is told; of the rest, what was sound stays in force.
    const isTold = isSound || isGuard(kind) || (!isKept && isToldFaulty(kind));
    known.set(key, {
      version,
      digest,
      isInForce: isTold || isKept || (before?.isInForce ?? false),
      isSound: isTold ? isSound : (before?.isSound ?? false),
    });
    if (isTold) pending.set(key, { type: 'upsert', object, faults, written: () => whole });
  }

  function drop(key: string): void {
    known.delete(key);
    setProblems(key, []);
    if (told.has(key)) pending.set(key, { type: 'delete', kind, key });
    else pending.delete(key);
  }

  function setProblems(key: string, problems: readonly SourceProblem[]): void {
    if (problems.length === 0 && !faulty.has(key)) return;
    problemsVersion++;
    if (problems.length === 0) faulty.delete(key);
    else faulty.set(key, problems);
  }

  function rememberDeletion(key: string, version: string): void {
    deleted.set(key, version);
    for (const oldest of deleted.keys()) {
      if (deleted.size <= REMEMBERED_DELETIONS) break;
      deleted.delete(oldest);
    }
  }

  return {
    get problemsVersion() {
      return problemsVersion;
    },
    get size() {
      return known.size;
    },
    setVersion(next) {
      apiVersion = next;
    },
    beginList() {
      const present = new Set<string>();
      const same: (readonly [key: string, version: string])[] = [];
      const changed: Seen[] = [];
      return {
        add(page) {
          for (const object of page) {
            const seen = see({ kind, apiVersion, object });
            present.add(seen.key);
            // What is as it was need not be kept until the list is complete, only its version.
            if (known.get(seen.key)?.digest === seen.digest) same.push([seen.key, seen.version]);
            else changed.push(seen);
          }
        },
        complete() {
          // A list is the truth, whatever its versions: they may count anew after a restore.
          deleted.clear();
          for (const key of [...known.keys()]) if (!present.has(key)) drop(key);
          for (const [key, version] of same) {
            const before = known.get(key);
            if (before !== undefined) known.set(key, { ...before, version });
          }
          for (const seen of changed) put(seen);
        },
      };
    },
    apply({ type, object }) {
      if (type === 'BOOKMARK') return;
      const key = keyOf(object);
      const version = versionOf(object);
      const last = known.get(key)?.version ?? deleted.get(key);
      if (last !== undefined && (last === version || isOlder(version, last))) return;
      if (type === 'DELETED') {
        rememberDeletion(key, version);
        drop(key);
      } else put(see({ kind, apiVersion, object }));
    },
    forgetContents(namespaces) {
      for (const [key, entry] of known)
        if (namespaces.has(key.slice(0, key.indexOf('/')))) known.set(key, { ...entry, digest: '' });
    },
    clear() {
      for (const key of [...known.keys()]) drop(key);
      deleted.clear();
    },
    flush() {
      const events = [...pending.values()];
      for (const [key, { type }] of pending) {
        if (type === 'upsert') told.add(key);
        else told.delete(key);
      }
      pending.clear();
      return events;
    },
    problems: () => [...faulty.values()].flat(),
  };
}

function see(come: {
  readonly kind: ObjectKind;
  readonly apiVersion: string;
  readonly object: KubernetesObject;
}): Seen {
  const stripped = stripObject(come.kind, come.object);
  const digest = hash('sha1', `${come.apiVersion} ${JSON.stringify(stripped)}`, 'base64');
  return { key: keyOf(come.object), version: versionOf(come.object), digest, stripped };
}

function inspect(
  readKind: ReadKind,
  key: string,
  whole: object,
): {
  readonly object: MeshObject;
  readonly faults: readonly string[];
  readonly problems: readonly SourceProblem[];
} {
  const { kind } = readKind;
  const { object, issues, notices } = inspectObject(kind, whole);
  const place = { file: resourceName(readKind), line: 1, object: `${kind} ${key}` };
  return {
    object,
    faults: issues.map(
      ({ path, expected, got }) => `${formatFieldPath(path)}: expected ${expected}, got ${got}`,
    ),
    problems: [
      ...issues.map(({ path, expected, got }) => ({
        ...place,
        severity: 'error' as const,
        field: formatFieldPath(path),
        message: `expected ${expected}, got ${got}`,
      })),
      ...notices.map(({ path, expected, got }) => ({
        ...place,
        severity: 'notice' as const,
        field: formatFieldPath(path),
        message:
          got === UNKNOWN_FIELD
            ? `unknown field, passed over: expected ${expected}`
            : `expected ${expected}, got ${got}`,
      })),
    ],
  };
}

function keyOf({ metadata }: KubernetesObject): string {
  const { namespace, name = '' } = metadata;
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

function versionOf({ metadata }: KubernetesObject): string {
  return metadata.resourceVersion ?? '';
}

const REMEMBERED_DELETIONS = 1_000;
