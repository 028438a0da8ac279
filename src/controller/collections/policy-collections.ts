import type { AuthorizationPolicy, PolicyKey } from '../../model/index.ts';
import { selects } from '../objects/index.ts';
import {
  type MeshSettings,
  type PeerAuthenticationLevels,
  peerAuthenticationPolicies,
  type TranslatedPolicy,
  translatePeerAuthentication,
} from '../translate/index.ts';
import type { Collection, Fetch, Graph } from './graph/index.ts';
import { labelSlots, namespaceSlot, selectorSlot } from './label-lookup.ts';
import type { MeshStores } from './mesh-stores.ts';
import { derivePolicy, soundPeerAuthentication } from './sound-policy.ts';

/** The L4 policies, and who is under which of them. */
export interface PolicyCollections {
  /** By the object's `namespace/name`, which is the resource's name too. */
  readonly policies: Collection<TranslatedPolicy>;
  /** By the resource's name. */
  readonly peerPolicies: Collection<AuthorizationPolicy>;
  /** The policies that workloads with these labels list, in a fixed order. */
  listedBy(fetch: Fetch, namespace: string, labels: ReadonlyMap<string, string>): readonly PolicyKey[];
}

/** A policy with faults becomes one that refuses everything to what it selects. */
export function derivePolicies(graph: Graph, stores: MeshStores, settings: MeshSettings): PolicyCollections {
  const { rootNamespace } = settings;
  const policies = graph.derive(stores.policies, (_fetch, judged, key) => [
    [key, derivePolicy(judged, settings)],
  ]);
  const policiesBySlot = graph.index(policies, ({ policy, selector }) =>
    policy === undefined || selector === undefined ? [] : [selectorSlot(policy.namespace, selector)],
  );
  const peers = graph.derive(stores.peers, (_fetch, judged, key) => [[key, soundPeerAuthentication(judged)]]);
  const peersBySlot = graph.index(peers, (peer) => [selectorSlot(peer.meta.namespace, peer.selector)]);
  const levelsOf = (fetch: Fetch, namespace: string): PeerAuthenticationLevels => ({
    mesh: fetch.all(peersBySlot, namespaceSlot(rootNamespace)),
    namespace: namespace === rootNamespace ? [] : fetch.all(peersBySlot, namespaceSlot(namespace)),
  });
  const peerPolicies = graph.derive(peers, (fetch, peer) => {
    const levels = levelsOf(fetch, peer.meta.namespace);
    const policy = translatePeerAuthentication(peer, levels, rootNamespace);
    return policy === undefined ? [] : [[policy.key, policy]];
  });

  return {
    policies,
    peerPolicies,
    listedBy(fetch, namespace, labels) {
      const own = labelSlots(namespace, labels);
      // Selectors of the root namespace reach into every namespace.
      const slots = namespace === rootNamespace ? own : [...own, ...labelSlots(rootNamespace, labels)];
      const selecting = slots
        .flatMap((slot) => fetch.all(policiesBySlot, slot))
        .flatMap(({ policy, selector }) =>
          policy !== undefined && selector !== undefined && selects(selector, labels) ? [policy.key] : [],
        );
      const selected = own
        .flatMap((slot) => fetch.all(peersBySlot, slot))
        .filter(
          (peer) => peer.meta.namespace !== rootNamespace && selects(peer.selector ?? new Map(), labels),
        );
      const levels = { ...levelsOf(fetch, namespace), selected };
      return [...selecting.sort(), ...peerAuthenticationPolicies(levels, rootNamespace)];
    },
  };
}
