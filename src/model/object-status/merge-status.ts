import { isDeepStrictEqual } from 'node:util';

/** A condition as it is written; the time of its last transition is added where it is stored. */
export interface WrittenCondition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly observedGeneration?: number | undefined;
}

/** What one writer has to say in an object's `status`. What it does not name stays as it is. */
export interface StatusChange {
  /** Merged by type into `status.conditions`. */
  readonly conditions: readonly WrittenCondition[];
  /** Types of conditions that are not to be there any more. */
  readonly withdrawnConditions: readonly string[];
  /** Lists of `status` of which the writer owns all or some entries, by their names. */
  readonly lists: Readonly<Record<string, OwnedList>>;
  /** Fields of `status` that are replaced as a whole; null takes one away. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A list in a status that several writers share, and which of its entries are this writer's. */
export interface OwnedList {
  /** Entries with these values (one of a list) are replaced by `entries`, the others stay. Empty: all are replaced. */
  readonly owner: Values;
  /** The member that tells one entry from another, by which conditions keep their times. */
  readonly key: string;
  readonly entries: readonly StatusEntry[];
}

/** One entry of such a list, as `parents` of a route has one for each parent. */
export interface StatusEntry extends Values {
  readonly conditions: readonly WrittenCondition[];
}

type Values = Readonly<Record<string, unknown>>;

interface StoredCondition extends WrittenCondition {
  readonly lastTransitionTime: string;
}

/** The status after a write; the very same value when the write changes nothing. `present` may be of any shape. */
export function mergeStatus(present: unknown, change: StatusChange, now: string): unknown {
  const before = valuesOf(present);
  const after: Record<string, unknown> = { ...before };
  if (change.conditions.length + change.withdrawnConditions.length > 0) {
    after.conditions = mergeConditions(listOf(before.conditions), change, now);
  }
  for (const [name, list] of Object.entries(change.lists)) {
    after[name] = mergeList(listOf(before[name]), list, now);
  }
  for (const [name, value] of Object.entries(change.fields)) {
    if (value === null) delete after[name];
    else after[name] = value;
  }
  return isDeepStrictEqual(after, before) ? present : after;
}

function mergeConditions(stored: readonly unknown[], change: StatusChange, now: string): readonly unknown[] {
  const conditions = new Map(
    change.conditions.map((condition) => [condition.type, timed(condition, stored, now)]),
  );
  const kept = stored.flatMap((item) => {
    const type = String(valuesOf(item).type);
    const next = conditions.get(type);
    conditions.delete(type);
    return next !== undefined ? [next] : change.withdrawnConditions.includes(type) ? [] : [item];
  });
  return [...kept, ...conditions.values()];
}

function mergeList(stored: readonly unknown[], list: OwnedList, now: string): readonly unknown[] {
  const isOwn = (item: unknown): boolean =>
    Object.entries(list.owner).every(([name, value]) => {
      const found = valuesOf(item)[name];
      return Array.isArray(value) ? value.includes(found) : value === found;
    });
  const own = stored.filter(isOwn);
  const entries = list.entries.map((entry) => {
    const before = own.find((item) => isDeepStrictEqual(valuesOf(item)[list.key], entry[list.key]));
    const conditions = listOf(valuesOf(before).conditions);
    return { ...entry, conditions: entry.conditions.map((condition) => timed(condition, conditions, now)) };
  });
  return [...stored.filter((item) => !isOwn(item)), ...entries];
}

/** The time of a condition moves only when its status does. */
function timed(condition: WrittenCondition, stored: readonly unknown[], now: string): StoredCondition {
  const before = stored.map(valuesOf).find(({ type }) => type === condition.type);
  const since = before?.status === condition.status ? before.lastTransitionTime : undefined;
  return { ...condition, lastTransitionTime: typeof since === 'string' ? since : now };
}

function valuesOf(value: unknown): Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
