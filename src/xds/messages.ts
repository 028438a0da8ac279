import type { Fingerprint } from './fingerprint.ts';

/** The resource types that nodemesh serves. The first three are Istio's, the others have no type there. */
export const ADDRESS_TYPE = 'type.googleapis.com/istio.workload.Address';
export const WORKLOAD_TYPE = 'type.googleapis.com/istio.workload.Workload';
export const AUTHORIZATION_TYPE = 'type.googleapis.com/istio.security.Authorization';
export const ENROLMENT_POD_TYPE = 'type.googleapis.com/nodemesh.enrolment.Pod';
export const MEMBERSHIP_TYPE = 'type.googleapis.com/nodemesh.enrolment.Membership';
export const TRUST_BUNDLE_TYPE = 'type.googleapis.com/nodemesh.identity.TrustBundle';
export const WAYPOINT_RESOURCE_TYPE = 'type.googleapis.com/nodemesh.waypoint.Resource';

/** Of a node's metadata: which version of nodemesh a proxy is. */
export const VERSION_KEY = 'NODEMESH_VERSION';

/** The name that stands for every resource of a type. */
export const WILDCARD = '*';

/**
 * One resource in one version. Immutable: a change makes a new object, so that what is derived from one (its bytes
 * in a response) is derived once and shared by every stream.
 */
export interface XdsResource {
  readonly name: string;
  /** Changes with the content and with nothing else. */
  readonly version: string;
  /** Other names under which it can be subscribed to, such as `<network>/<ip>`. */
  readonly aliases: readonly string[];
  /** The encoded message, without its type. */
  readonly bytes: Uint8Array;
}

/** Who a client says it is. Nothing is granted by it: the transport knows the caller from its token. */
export interface XdsNode {
  readonly id: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A resource that a client holds from an earlier stream. */
export type HeldResource = readonly [name: string, version: string];

/** What a client holds. */
export interface HeldResources extends Iterable<HeldResource> {
  /**
   * Calls `visit` with each, in order, by a fingerprint that is overwritten for the next; returns how many there were. Where it is
   * missing, fingerprints are made of names and versions. Throws as reading them does.
   */
  readonly visit?: (visit: HeldVisitor) => number;
}

/** `read` makes strings of what the fingerprint stands for; only until the visitor returns. */
export type HeldVisitor = (fingerprint: Fingerprint, read: () => HeldResource) => void;

/** A DeltaDiscoveryRequest (wire.md §2): a subscription, or the answer to a response. */
export interface DeltaRequest {
  /** Present on the first request of a stream. */
  readonly node?: XdsNode | undefined;
  readonly typeUrl: string;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /**
   * What the client still holds, each name once. First request of a type only. A proxy that comes back names a whole mesh: a server
   * may read each out of the request's bytes when it is its turn, and throw WireError ERR_WIRE_DECODE when it cannot be read.
   */
  readonly initialVersions: HeldResources;
  /** The response that this request answers; empty when it answers none. */
  readonly responseNonce: string;
  /** Why that response was refused, in whole or in part; undefined when it was not. */
  readonly rejection: string | undefined;
}

/** Resources that go to many streams. The same object means the same bytes, so that it is encoded once. */
export interface ResourceBlock {
  readonly resources: readonly XdsResource[];
  /** About as many bytes as they take in a response. */
  readonly bytes: number;
}

/** A DeltaDiscoveryResponse (wire.md §2): what changed of one type. */
export interface DeltaResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  /** Informative. */
  readonly systemVersion: string;
  /** More resources, which other streams get too. A response that was received has none. */
  readonly blocks?: readonly ResourceBlock[];
  readonly resources: readonly XdsResource[];
  readonly removed: readonly string[];
}
