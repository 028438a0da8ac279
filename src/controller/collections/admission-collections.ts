import { type ExtensionKey, extensionKey } from '../../model/index.ts';
import { objectKey } from '../objects/index.ts';
import {
  type AdmissionOutcome,
  type MeshSettings,
  translateFaultInjection,
  translateFilter,
  translateRateLimit,
} from '../translate/index.ts';
import type { Collection, Graph } from './graph/index.ts';
import type { MeshStores } from './mesh-stores.ts';
import { targetLookup } from './target-lookup.ts';
import type { WaypointCollections } from './waypoint-collections.ts';

/** What becomes of RateLimits, FaultInjections and Filters, by ExtensionKey. */
export interface AdmissionCollections {
  readonly rateLimitOutcomes: Collection<AdmissionOutcome>;
  readonly faultOutcomes: Collection<AdmissionOutcome>;
  readonly filterOutcomes: Collection<AdmissionOutcome>;
}

/** Pure: its collections follow the stores' and the waypoints' at each commit. */
export function deriveAdmission(
  graph: Graph,
  inputs: { readonly stores: MeshStores; readonly waypoints: Pick<WaypointCollections, 'waypoints'> },
  { clusterDomain }: MeshSettings,
): AdmissionCollections {
  const { rateLimits, faultInjections, filters, configMaps } = inputs.stores;
  const keyOf = (kind: 'RateLimit' | 'FaultInjection' | 'Filter', meta: NamedMeta): ExtensionKey =>
    extensionKey(kind, meta.namespace, meta.name);
  const rateLimitOutcomes = graph.derive(rateLimits, (fetch, judged): [string, AdmissionOutcome][] => {
    const { meta } = judged.object;
    const lookup = {
      ...targetLookup(fetch, meta.namespace, inputs),
      counter: (namespace: string, name: string) => targetLookup(fetch, namespace, inputs).service(name),
    };
    return [[keyOf('RateLimit', meta), translateRateLimit(judged, lookup, clusterDomain)]];
  });
  const faultOutcomes = graph.derive(faultInjections, (fetch, judged): [string, AdmissionOutcome][] => {
    const { meta } = judged.object;
    const lookup = targetLookup(fetch, meta.namespace, inputs);
    return [[keyOf('FaultInjection', meta), translateFaultInjection(judged, lookup, clusterDomain)]];
  });
  const filterOutcomes = graph.derive(filters, (fetch, judged): [string, AdmissionOutcome][] => {
    const { meta } = judged.object;
    const lookup = {
      ...targetLookup(fetch, meta.namespace, inputs),
      configMap: (name: string) => fetch.one(configMaps, objectKey({ namespace: meta.namespace, name })),
    };
    return [[keyOf('Filter', meta), translateFilter(judged, lookup, clusterDomain)]];
  });
  return { rateLimitOutcomes, faultOutcomes, filterOutcomes };
}

interface NamedMeta {
  readonly namespace: string;
  readonly name: string;
}
