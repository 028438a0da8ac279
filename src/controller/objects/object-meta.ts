import type { Field } from './fields/index.ts';

/** The part of `metadata` that the mesh reads. */
export interface ObjectMeta {
  readonly name: string;
  /** Empty for kinds without one, and for objects that were written without one. */
  readonly namespace: string;
  readonly uid: string;
  readonly generation: number;
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  /** Milliseconds since the epoch; infinite when nobody set it, so that it is never the oldest. */
  readonly createdMs: number;
  /** The object is on its way out. */
  readonly terminating: boolean;
  readonly owners: readonly OwnerReference[];
}

/** An object with which this one goes. */
export interface OwnerReference {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: boolean;
}

/** Names an object within its kind: `namespace/name`, or the name alone where there is no namespace. */
export function objectKey(meta: { readonly namespace: string; readonly name: string }): string {
  return meta.namespace === '' ? meta.name : `${meta.namespace}/${meta.name}`;
}

/** `none`: objects of this kind are in no namespace, whatever is written. */
export function parseObjectMeta(root: Field, namespace: { readonly fallback: string } | 'none'): ObjectMeta {
  const meta = root.key('metadata').required().object();
  const name = meta.key('name').required().text({ minLength: 1, maxLength: 253, pattern: NAME });
  const namespaceField = meta.key('namespace');
  const written = namespaceField.text(
    namespaceField.value === '' ? {} : { maxLength: 63, pattern: NAMESPACE },
  );
  return {
    name: name ?? '',
    namespace: namespace === 'none' ? '' : (written ?? '') === '' ? namespace.fallback : (written ?? ''),
    uid: meta.key('uid').text() ?? '',
    generation: meta.key('generation').integer() ?? 0,
    labels: meta.key('labels').textMap(),
    annotations: meta.key('annotations').textMap(),
    createdMs: parseTime(meta.key('creationTimestamp')) ?? Number.POSITIVE_INFINITY,
    terminating: meta.key('deletionTimestamp').present,
    owners: meta
      .key('ownerReferences')
      .items()
      .map((owner) => ({
        kind: owner.key('kind').text() ?? '',
        name: owner.key('name').text() ?? '',
        uid: owner.key('uid').text() ?? '',
        controller: owner.key('controller').boolean() ?? false,
      })),
  };
}

function parseTime(field: Field): number | undefined {
  const text = field.text();
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (!Number.isNaN(ms)) return ms;
  field.issue('a time such as 2030-01-31T12:00:00Z');
  return undefined;
}

/** RFC 1123 subdomain. */
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
/** RFC 1123 label. */
const NAMESPACE = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
