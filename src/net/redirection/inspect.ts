import type { IpFamily } from '../../model/index.ts';
import type { NetNamespace } from '../namespace/network-namespace.ts';
import { OUTPUT_CHAIN, PREROUTING_CHAIN } from '../redirection-plan/plan.ts';
import { readSavedState } from './saved-state.ts';
import { countJumps, type FamilySnapshot, takeSnapshots } from './snapshot.ts';

/** What a namespace has of our redirection, so that a restarted process can go on where the last one stopped. */
export interface RedirectionState {
  /** The routing part was begun: removal has something to do. */
  readonly begun: boolean;
  /** The routing part's rules are in. */
  readonly routing: boolean;
  /** New connections to the pod are captured. */
  readonly natInbound: boolean;
  /** New connections from the pod are captured. */
  readonly natOutbound: boolean;
  /** Rules under our names that we did not make: another mesh has this pod, or an unknown one had it. */
  readonly capturedByAnother: boolean;
  /** What was seen, for what is applied next. */
  readonly seen: readonly FamilySnapshot[];
}

/** Reads only. A part counts as there when it is there for IPv4. Rejects with NetError. */
export async function inspectRedirection(
  namespace: NetNamespace,
  families: readonly IpFamily[] = [4],
): Promise<RedirectionState> {
  const snapshots = await takeSnapshots(namespace, families);
  return describeSnapshots(snapshots);
}

function describeSnapshots(snapshots: readonly FamilySnapshot[]): RedirectionState {
  const ofIpv4 = snapshots.filter(({ family }) => family === 4);
  const has = (table: 'mangle' | 'nat', hook: string, chain: string): boolean =>
    ofIpv4.some((snapshot) => countJumps(snapshot, table, hook, chain) > 0);
  const begun = readSavedState(snapshots) !== undefined;
  const chains = ofIpv4.flatMap(({ tables }) => [...tables.values()].flatMap((table) => [...table.chains]));
  return {
    begun,
    routing: begun && has('mangle', 'OUTPUT', OUTPUT_CHAIN) && has('mangle', 'PREROUTING', PREROUTING_CHAIN),
    natInbound: begun && has('nat', 'PREROUTING', PREROUTING_CHAIN),
    natOutbound: begun && has('nat', 'OUTPUT', OUTPUT_CHAIN),
    seen: snapshots,
    capturedByAnother: !begun && chains.some((chain) => OTHERS.test(chain)),
  };
}

/** Chains of Istio (ambient and sidecar) and of Linkerd. */
const OTHERS = /^(ISTIO_|PROXY_INIT_)/;
