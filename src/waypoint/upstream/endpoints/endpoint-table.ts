import type {
  LocalityPreference,
  Service,
  UpstreamRefusalReason,
  WorkloadUid,
} from '../../../model/index.ts';
import { type ChoiceSets, createChoiceSets } from './choice-sets.ts';
import type { KnownEndpoints } from './known-endpoints.ts';
import type { ReachedEndpoint, ServiceEndpoint } from './service-endpoint.ts';

/** The endpoints of one backend, which stay the same objects for as long as the mesh has them. */
export interface EndpointTable {
  /** Who may be chosen, near and far as the preference says. */
  choicesFor(locality: LocalityPreference | undefined): RankedChoices;
  all(): IterableIterator<ServiceEndpoint>;
  readonly size: number;
  /** The mesh has changed. Those that are gone take nothing new. */
  refresh(): void;
  /** Somebody was left out, or came back. */
  invalidate(): void;
}

/** Who may be chosen, for one preference of nearness. */
export interface RankedChoices {
  readonly service: Service | undefined;
  readonly sets: ChoiceSets;
  readonly emptyBecause: UpstreamRefusalReason;
}

/** Where endpoints come from, and who hears of those that come and go. */
export interface EndpointTableOptions {
  known(locality: LocalityPreference | undefined): KnownEndpoints;
  /** `isNew`: others were there before it. */
  create(reached: ReachedEndpoint, isNew: boolean): ServiceEndpoint;
  gone(endpoint: ServiceEndpoint): void;
}

/** Asks the mesh when somebody asks it, and again after `invalidate`. */
export function createEndpointTable({ known, create, gone }: EndpointTableOptions): EndpointTable {
  const endpoints = new Map<WorkloadUid, ServiceEndpoint>();
  const byLocality = new Map<
    string,
    { readonly locality: LocalityPreference | undefined; choices: RankedChoices }
  >();
  let filled = false;

  function endpointFor(reached: ReachedEndpoint): ServiceEndpoint {
    const { uid } = reached.workload;
    const held = endpoints.get(uid);
    if (held !== undefined) {
      held.update(reached);
      return held;
    }
    const made = create(reached, filled);
    endpoints.set(uid, made);
    return made;
  }

  function rank(locality: LocalityPreference | undefined): RankedChoices {
    const { service, ranks, emptyBecause } = known(locality);
    const sets = createChoiceSets(ranks.map((reached) => reached.map(endpointFor)));
    return { service, sets, emptyBecause };
  }

  return {
    choicesFor(locality) {
      const name = nameOf(locality);
      const held = byLocality.get(name);
      if (held !== undefined) return held.choices;
      const choices = rank(locality);
      filled = true;
      if (byLocality.size >= MOST_PREFERENCES) byLocality.clear();
      byLocality.set(name, { locality, choices });
      return choices;
    },
    all: () => endpoints.values(),
    get size() {
      return endpoints.size;
    },
    refresh() {
      const still = new Set<ServiceEndpoint>();
      for (const entry of byLocality.values()) {
        entry.choices = rank(entry.locality);
        for (const endpoint of entry.choices.sets.endpoints) still.add(endpoint);
      }
      for (const [uid, endpoint] of endpoints) {
        if (still.has(endpoint)) continue;
        endpoints.delete(uid);
        gone(endpoint);
      }
    },
    invalidate() {
      for (const { choices } of byLocality.values()) choices.sets.invalidate();
    },
  };
}

const names = new WeakMap<LocalityPreference, string>();

function nameOf(locality: LocalityPreference | undefined): string {
  if (locality === undefined) return '';
  let name = names.get(locality);
  if (name === undefined) {
    name = `${locality.mode} ${locality.scopes.join()}`;
    names.set(locality, name);
  }
  return name;
}

/** Policies of several routes may want different ones; more than these are old ones. */
const MOST_PREFERENCES = 8;
