import type { WorkloadUid } from '../../../model/index.ts';
import type { ChoiceSet } from '../balancing/balancer.ts';
import type { ServiceEndpoint } from './service-endpoint.ts';

/**
 * Who may be chosen, rank by rank. Worked out once for each change of the endpoints or of who is left out; only a request
 * that some have failed already is worth a look of its own.
 */
export interface ChoiceSets {
  /** Undefined: there are no endpoints. Those of `avoid` are chosen only when there is nobody else. */
  setFor(question: ChoiceSetQuestion): ChoiceSet<ServiceEndpoint> | undefined;
  /** Somebody was left out, or came back. */
  invalidate(): void;
  readonly endpoints: readonly ServiceEndpoint[];
}

/** Who may be left out. */
export interface ChoiceSetQuestion {
  /** When fewer than these may be chosen, all are. */
  readonly panicThresholdPercent: number;
  readonly avoid: ReadonlySet<WorkloadUid>;
}

type Sets = readonly ChoiceSet<ServiceEndpoint>[];

/** `ranks`: best first. `invalidate` is called when somebody's health changes. */
export function createChoiceSets(ranks: readonly (readonly ServiceEndpoint[])[]): ChoiceSets {
  const endpoints = ranks.flat();
  const everybody: Sets = ranks.map((all) => ({ all, open: all }));
  let healthy: { readonly sets: Sets; readonly percent: number } | undefined;

  function withoutThoseLeftOut(): NonNullable<typeof healthy> {
    let count = 0;
    const sets = everybody.map((set) => {
      const open = set.all.filter(({ health }) => health.out === undefined);
      count += open.length;
      // The same array where nobody is left out: what is prepared for it then serves both.
      return open.length === set.all.length ? set : { all: set.all, open };
    });
    return {
      sets: sets.filter(({ open }) => open.length > 0),
      percent: (count * 100) / Math.max(1, endpoints.length),
    };
  }

  return {
    endpoints,
    invalidate() {
      healthy = undefined;
    },
    setFor({ panicThresholdPercent, avoid }) {
      healthy ??= withoutThoseLeftOut();
      const panics = healthy.percent === 0 || healthy.percent < panicThresholdPercent;
      const sets = panics ? everybody : healthy.sets;
      if (avoid.size > 0) {
        for (const { all, open } of sets) {
          const left = open.filter(({ uid }) => !avoid.has(uid));
          if (left.length > 0) return { all, open: left };
        }
      }
      return sets[0];
    },
  };
}
