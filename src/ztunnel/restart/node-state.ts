import type { SvidStore } from '../../identity/index.ts';
import type { MeshViewStore } from '../../model/index.ts';
import {
  ADDRESS_TYPE,
  AUTHORIZATION_TYPE,
  type DeltaClient,
  ENROLMENT_POD_TYPE,
  MEMBERSHIP_TYPE,
  TRUST_BUNDLE_TYPE,
} from '../../xds/index.ts';
import type { Memberships } from '../cni/index.ts';
import type { ServedPods } from '../served-pods/index.ts';
import type { SavedState } from './saved-state.ts';

/** Whose state is kept over a restart. */
export interface KeptParts {
  readonly node: string;
  readonly boot: string;
  readonly view: MeshViewStore;
  readonly svids: SvidStore;
  readonly served: ServedPods;
  readonly memberships: Memberships;
  readonly discovery: Pick<DeltaClient, 'versions'>;
}

const ISTIO_TYPES = [ADDRESS_TYPE, AUTHORIZATION_TYPE];
/** Followed where our controller names the pods. */
const OWN_TYPES = [ENROLMENT_POD_TYPE, MEMBERSHIP_TYPE, TRUST_BUNDLE_TYPE];

/** All that the next process needs while there is no controller; private keys are among it. */
export function captureState(parts: KeptParts): SavedState {
  const { node, boot, view, svids, served, memberships, discovery } = parts;
  const types = served.update === undefined ? ISTIO_TYPES : [...ISTIO_TYPES, ...OWN_TYPES];
  return {
    node,
    boot,
    workloads: [...view.workloads()],
    services: [...view.services()],
    policies: [...view.policies()],
    ...served.saved(),
    memberships: memberships.isKnown ? memberships.all() : undefined,
    svids: svids.exportState(),
    versions: new Map(types.map((type) => [type, new Map(discovery.versions(type))])),
  };
}

/** The mesh and its policies first: pods are served by them from their first connection on. */
export function restoreState(saved: SavedState, parts: Omit<KeptParts, 'discovery' | 'node' | 'boot'>): void {
  parts.svids.importState(saved.svids);
  parts.view.apply({
    upsertWorkloads: saved.workloads,
    upsertServices: saved.services,
    upsertPolicies: saved.policies,
  });
  if (saved.memberships !== undefined) parts.memberships.update({ upserts: saved.memberships, removed: [] });
  parts.served.restore(saved);
}
