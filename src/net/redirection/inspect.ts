import type { IpFamily } from '../../model/index.ts';
import type { NetNamespace } from '../namespace/network-namespace.ts';
import { REDIRECTION_NAMES, type RedirectionNaming } from '../redirection-plan/names.ts';
import { otherMeshIn } from './other-meshes.ts';
import { readSavedState, STATE_CHAIN } from './saved-state.ts';
import { countJumps, type FamilySnapshot, takeSnapshots } from './snapshot.ts';

/** What a namespace has of our redirection, so that a restarted process can go on where the last one stopped. */
export interface RedirectionState {
  /** The routing part was begun, under these names: removal has something to do. Undefined: it was not. */
  readonly naming: RedirectionNaming | undefined;
  /** The routing part's rules are in. */
  readonly routing: boolean;
  /** New connections to the pod are captured. */
  readonly natInbound: boolean;
  /** New connections from the pod are captured. */
  readonly natOutbound: boolean;
  /** Which other mesh has rules in it, by its name in a sentence; undefined: none that is known. */
  readonly otherMesh: string | undefined;
  /** What was seen, for what is applied next. */
  readonly seen: readonly FamilySnapshot[];
}

/** Reads only. A part counts as there when it is there for IPv4. Rejects with NetError. */
export async function inspectRedirection(
  namespace: NetNamespace,
  families: readonly IpFamily[] = [4],
): Promise<RedirectionState> {
  const snapshots = await takeSnapshots(namespace, families);
  const saved = readSavedState(snapshots);
  const names = saved && REDIRECTION_NAMES[saved.naming];
  const ours = names === undefined ? [] : [names.prerouting, names.output, STATE_CHAIN];
  const ofIpv4 = snapshots.filter(({ family }) => family === 4);
  const has = (table: 'mangle' | 'nat', hook: string, chain: string | undefined): boolean =>
    chain !== undefined && ofIpv4.some((snapshot) => countJumps(snapshot, table, hook, chain) > 0);
  return {
    naming: saved?.naming,
    routing: has('mangle', 'OUTPUT', names?.output) && has('mangle', 'PREROUTING', names?.prerouting),
    natInbound: has('nat', 'PREROUTING', names?.prerouting),
    natOutbound: has('nat', 'OUTPUT', names?.output),
    otherMesh: await otherMeshIn(namespace, new Set(ours)),
    seen: snapshots,
  };
}
