import type { MeshError } from '../../base/index.ts';
import type { TunnelRefusal } from '../../tunnel-protocol/index.ts';
import { verdictOf } from './refusal.ts';

/** What peers may know of a refusal: that it was one and what it is called (`id`), or why as well. */
export type RefusalDetails = 'id' | 'full';

/** Names refusals, and says what the peer whose tunnel was refused is told. */
export interface RefusalTeller {
  tell(failure: MeshError): TunnelRefusal;
}

/** Its refusals are numbered from 1, so that both ends can tell that they speak of the same. */
export function createRefusalTeller(deps: {
  /** `ztunnel/<node>` or `waypoint/<namespace>/<pod>`. */
  readonly proxy: string;
  /** Unlike that of any other process of the same name, as `ObservationStore.instance` is. */
  readonly instance: string;
  /** Codes and reasons by which this proxy refuses on purpose. */
  readonly verdicts: ReadonlySet<string>;
  readonly details: RefusalDetails;
}): RefusalTeller {
  const { proxy, instance, verdicts, details } = deps;
  let told = 0;
  return {
    tell(failure) {
      told += 1;
      // Told apart from those that nobody is told, which the store numbers.
      const id = `${proxy}/${instance}/t${told}`;
      return { proxy, id, why: details === 'full' ? verdictOf(failure, verdicts) : undefined };
    },
  };
}
