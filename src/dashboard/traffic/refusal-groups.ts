import type { RefusalView } from '../../model/index.ts';
import { endId, formatRule, formatTarget } from '../format/names.ts';

/** Refusals that are alike: the same two ends, decided by the same rule. */
export interface RefusalGroup {
  readonly key: string;
  readonly count: number;
  /** The newest of them. */
  readonly last: RefusalView;
}

/** Refusals (newest first) by ends and rule, the most frequent first. */
export function groupRefusals(refusals: readonly RefusalView[]): readonly RefusalGroup[] {
  const groups = new Map<string, RefusalGroup>();
  for (const refusal of refusals) {
    const key = [endId(refusal.source), formatTarget(refusal), refusal.kind, formatRule(refusal)].join(' ');
    const known = groups.get(key);
    groups.set(key, { key, count: (known?.count ?? 0) + 1, last: known?.last ?? refusal });
  }
  return [...groups.values()].sort((a, b) => b.count - a.count || b.last.atMs - a.last.atMs);
}

/** `fresh` before `known`, each refusal once, newest first, at most `keep` of them. */
export function mergeRefusals(
  known: readonly RefusalView[],
  fresh: readonly RefusalView[],
  keep: number,
): readonly RefusalView[] {
  const byId = new Map([...known, ...fresh].map((refusal) => [refusal.id, refusal]));
  return [...byId.values()].sort((a, b) => b.atMs - a.atMs).slice(0, keep);
}
