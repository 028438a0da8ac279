import {
  type AuthorizationPolicy,
  type Clause,
  EMPTY_MATCH,
  type PolicyKey,
  policyKey,
  type Rule,
} from '../../model/index.ts';
import { type MtlsMode, objectKey, type PeerAuthenticationObject } from '../objects/index.ts';

/**
 * The PeerAuthentications that may hold for one workload. Each list holds those of one level; the oldest of a level
 * counts alone, and a level that says nothing (UNSET) leaves it to the one above.
 */
export interface PeerAuthenticationLevels {
  /** In the root namespace, without selector. */
  readonly mesh: readonly PeerAuthenticationObject[];
  /** In the workload's namespace, without selector. */
  readonly namespace: readonly PeerAuthenticationObject[];
}

/** The policies that a workload lists for its PeerAuthentications; `selected` are those whose selector fits it. */
export function peerAuthenticationPolicies(
  levels: PeerAuthenticationLevels & { readonly selected: readonly PeerAuthenticationObject[] },
  rootNamespace: string,
): readonly PolicyKey[] {
  const own = oldest(levels.selected);
  const inherited = inheritedMode(levels);
  if (own === undefined) return inherited === 'STRICT' ? [staticStrictKey(rootNamespace)] : [];
  if (exceptionsOf(own, inherited).length > 0) return [convertedKey(own)];
  return baseMode(own, inherited) === 'STRICT' ? [staticStrictKey(rootNamespace)] : [];
}

/**
 * The policy that a PeerAuthentication with port-level modes becomes. Undefined when its ports change nothing: then the
 * static policy or none does the same.
 */
export function translatePeerAuthentication(
  object: PeerAuthenticationObject,
  levels: PeerAuthenticationLevels,
  rootNamespace: string,
): AuthorizationPolicy | undefined {
  // In the root namespace a selector would reach into every namespace; as in Istio such a policy does nothing here.
  if (object.selector === undefined || object.meta.namespace === rootNamespace) return undefined;
  const inherited = inheritedMode(levels);
  const ports = exceptionsOf(object, inherited);
  if (ports.length === 0) return undefined;
  return {
    key: convertedKey(object),
    name: convertedName(object),
    namespace: object.meta.namespace,
    scope: 'workload-selector',
    action: 'deny',
    rules:
      baseMode(object, inherited) === 'STRICT'
        ? [plaintextExceptOn(ports, object.mode === 'STRICT' ? 'first' : 'last')]
        : ports.map(plaintextOn),
    dryRun: false,
  };
}

/** Refuses whoever shows no identity. Workloads under STRICT list it. */
export function staticStrictPolicy(rootNamespace: string): AuthorizationPolicy {
  return {
    key: staticStrictKey(rootNamespace),
    name: STATIC_STRICT_NAME,
    namespace: rootNamespace,
    scope: 'workload-selector',
    action: 'deny',
    rules: [{ clauses: [NO_IDENTITY] }],
    dryRun: false,
  };
}

/** Of several at one level the oldest counts; of equally old ones the first by name, so that the choice is stable. */
function oldest(objects: readonly PeerAuthenticationObject[]): PeerAuthenticationObject | undefined {
  let best: PeerAuthenticationObject | undefined;
  for (const object of objects) if (best === undefined || isOlder(object, best)) best = object;
  return best;
}

function isOlder(a: PeerAuthenticationObject, b: PeerAuthenticationObject): boolean {
  if (a.meta.createdMs !== b.meta.createdMs) return a.meta.createdMs < b.meta.createdMs;
  return objectKey(a.meta) < objectKey(b.meta);
}

function inheritedMode(levels: PeerAuthenticationLevels): MtlsMode {
  const namespace = oldest(levels.namespace)?.mode ?? 'UNSET';
  return namespace === 'UNSET' ? (oldest(levels.mesh)?.mode ?? 'UNSET') : namespace;
}

function baseMode(object: PeerAuthenticationObject, inherited: MtlsMode): MtlsMode {
  return object.mode === 'UNSET' ? inherited : object.mode;
}

/** The ports on which plaintext is judged otherwise than on all others. DISABLE is like PERMISSIVE: HBONE stays possible. */
function exceptionsOf(object: PeerAuthenticationObject, inherited: MtlsMode): readonly number[] {
  const strict = baseMode(object, inherited) === 'STRICT';
  return [...object.portModes].flatMap(([port, mode]) =>
    mode !== 'UNSET' && (mode === 'STRICT') !== strict ? [port] : [],
  );
}

function plaintextExceptOn(ports: readonly number[], identity: 'first' | 'last'): Rule {
  const others = ports.map(
    (port): Clause => ({ matches: [{ ...EMPTY_MATCH, notDestinationPorts: [port] }] }),
  );
  return { clauses: identity === 'first' ? [NO_IDENTITY, ...others] : [...others, NO_IDENTITY] };
}

function plaintextOn(port: number): Rule {
  return {
    clauses: [
      { matches: [{ ...EMPTY_MATCH, notPrincipals: [{ kind: 'presence' }], destinationPorts: [port] }] },
    ],
  };
}

function staticStrictKey(rootNamespace: string): PolicyKey {
  return policyKey(rootNamespace, STATIC_STRICT_NAME);
}

function convertedKey(object: PeerAuthenticationObject): PolicyKey {
  return policyKey(object.meta.namespace, convertedName(object));
}

/** The underscores keep these names apart from those of objects, which cannot have any. */
function convertedName(object: PeerAuthenticationObject): string {
  return `converted_peer_authentication_${object.meta.name}`;
}

const STATIC_STRICT_NAME = 'istio_converted_static_strict';
const NO_IDENTITY: Clause = { matches: [{ ...EMPTY_MATCH, notPrincipals: [{ kind: 'presence' }] }] };
