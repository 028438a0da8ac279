/** An object as the API server has it: only its metadata is known to be there. */
export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: KubernetesMetadata;
  readonly [field: string]: unknown;
}

/** What is read of it; there may be more. */
export interface KubernetesMetadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** A part of a list. */
export interface ObjectPage {
  readonly items: readonly KubernetesObject[];
  /** Of the whole list; from here a watch goes on. */
  readonly resourceVersion: string;
  /** Asks for the next part; undefined: this was the last. */
  readonly next: string | undefined;
}

/** One line of a watch. Errors are thrown instead. */
export interface WatchEvent {
  /** A bookmark's object has nothing but a resource version. */
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubernetesObject;
}

/** Whether it can be handled as an object at all. */
export function isKubernetesObject(value: unknown): value is KubernetesObject {
  if (!isRecord(value)) return false;
  return isRecord(value.metadata);
}

/** An object of JSON, and no array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
