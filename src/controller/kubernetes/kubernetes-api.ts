import type { Closable } from '../../base/index.ts';
import type { ServedResource } from './discovery.ts';
import type { KubernetesObject, ObjectPage, WatchEvent } from './kubernetes-object.ts';
import type { ResourceCollection, ResourceTarget } from './resource.ts';

/**
 * What we need of an API server. Every call rejects with KubernetesError and nothing else, unless `signal` is aborted: then
 * with its reason. Nothing is tried twice but what a stale connection or a token that ended made fail; whether and when to
 * try again is the caller's to say, with `retryable` and `retryAfterMs` for help.
 */
export interface KubernetesApi extends Closable {
  get(target: ResourceTarget, options?: CallOptions): Promise<KubernetesObject>;
  /** One page. */
  list(collection: ResourceCollection, options?: ListOptions): Promise<ObjectPage>;
  /**
   * Follows a collection from a resource version on. Resolves when the API server ends it in good order; `onEvents` gets
   * what arrived together, and must not throw.
   */
  watch(collection: ResourceCollection, options: WatchOptions): Promise<void>;
  /** With `name` and `subresource` it makes what hangs on an object: `serviceaccounts/NAME/token`. */
  create(
    target: ResourceCollection & Partial<ResourceTarget>,
    object: object,
    options?: WriteOptions,
  ): Promise<KubernetesObject>;
  /** Fails with ERR_KUBERNETES_CONFLICT when the object's resource version is not the current one. */
  update(target: ResourceTarget, object: object, options?: WriteOptions): Promise<KubernetesObject>;
  patch(target: ResourceTarget, patch: Patch, options?: WriteOptions): Promise<KubernetesObject>;
  delete(target: ResourceTarget, options?: DeleteOptions): Promise<void>;
  /** What is served below `v1` or `GROUP/VERSION`; undefined: the API server has no such version of a group. */
  resources(apiVersion: string, options?: CallOptions): Promise<readonly ServedResource[] | undefined>;
}

/** How long a call may take. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Default 30,000. */
  readonly timeoutMs?: number | undefined;
}

/** Which objects, and how many at once. */
export interface ListOptions extends CallOptions, SelectorOptions {
  /** Objects per page. Default: all in one. */
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly next?: string | undefined;
}

/** Which objects of a kind, and how much of them. */
export interface SelectorOptions {
  /** `app=cart,tier!=web`. */
  readonly labelSelector?: string | undefined;
  /** `metadata.name=cart`. */
  readonly fieldSelector?: string | undefined;
  /** The API server sends nothing of the objects but `metadata`. */
  readonly metadataOnly?: boolean | undefined;
}

/** From where on changes are told, to whom, and for how long. */
export interface WatchOptions extends SelectorOptions {
  readonly resourceVersion: string;
  /** After so many seconds the API server ends the watch; that long and `graceMs` it may last at all. */
  readonly timeoutSeconds: number;
  /** Default 15,000. */
  readonly graceMs?: number | undefined;
  /** A watch on which not even a bookmark came for so long is taken for dead. Default: as long as it may last. */
  readonly silenceMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The API server has begun the watch. */
  readonly onOpen?: (() => void) | undefined;
  readonly onEvents: (events: readonly WatchEvent[]) => void;
}

/** As whom fields are written. */
export interface WriteOptions extends CallOptions {
  /** Who owns the fields that are written. Default `nodemesh`. */
  readonly fieldManager?: string | undefined;
  /** Everything is checked and nothing is done. */
  readonly dryRun?: boolean | undefined;
}

/** A change of an object, in one of the forms that API servers take. */
export type Patch =
  | { readonly type: 'merge'; readonly body: object }
  | { readonly type: 'json'; readonly body: readonly object[] }
  /** Server-side apply. `force` takes fields from other managers; without it that is a conflict. */
  | { readonly type: 'apply'; readonly body: object; readonly force?: boolean | undefined };

/** Which object exactly, and what becomes of those that it owns. */
export interface DeleteOptions extends CallOptions {
  /** Only the object with this uid. */
  readonly uid?: string | undefined;
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan' | undefined;
}
