import type { PolicyKey, WorkloadIdentity } from '../model/index.ts';

/** Who was refused, and where. */
export interface RefusedCaller {
  /** Undefined: it proves nobody, as plaintext does. */
  readonly source: WorkloadIdentity | undefined;
  readonly destinationPort: number;
}

/** No ALLOW policy matched. `what`: the part of a request that rules may look at, beside who sends it. */
export function remedyForUnmatched(
  unmatched: readonly PolicyKey[],
  { source, destinationPort }: RefusedCaller,
  what = '',
): string {
  const [first] = unmatched;
  const where =
    unmatched.length === 1 ? `a rule to ${first}` : `a rule to ${first}, to another of them, or to a new one`;
  const permission = `add ${where} that allows`;
  if (source === undefined)
    return `${JOIN}, so that it can prove who it is, and ${permission} that identity${what} on port ${destinationPort}`;
  return `${permission} principal ${principalOf(source)}${what} on port ${destinationPort}`;
}

/** A rule of a DENY policy matched; it counts from 0. */
export function remedyForDenial(policy: PolicyKey, rule: number, { source }: RefusedCaller): string {
  if (source === undefined && OF_PEER_AUTHENTICATION.test(policy))
    return `${JOIN}, so that it can prove who it is, or set mode: PERMISSIVE in the PeerAuthentication behind ${policy}`;
  const whom = source === undefined ? 'clients without identity' : principalOf(source);
  return `take ${whom} out of rule ${rule + 1} of ${policy} (by notPrincipals, notNamespaces or notPorts there), or delete it; no ALLOW policy outweighs it`;
}

/** A policy that refuses because nobody can tell what it means. */
export function remedyForUnclear(policy: PolicyKey): string {
  return `correct ${policy}; nodemesh analyze says what is wrong with it`;
}

/** Policies that are named and not there. */
export function remedyForMissing(missing: readonly PolicyKey[]): string {
  const [first] = missing;
  return `create ${missing.length === 1 ? first : 'them'}; if they are there, nodemesh proxies shows whether this proxy hears of them`;
}

function principalOf({ id }: WorkloadIdentity): string {
  return id.slice('spiffe://'.length);
}

const JOIN = 'have the client join the mesh (label its namespace istio.io/dataplane-mode=ambient)';
/** What PeerAuthentications of mode STRICT are translated into (wire.md §4.4). */
const OF_PEER_AUTHENTICATION = /\/(?:istio_converted_static_strict|converted_peer_authentication_.+)$/;
