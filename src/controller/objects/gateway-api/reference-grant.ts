import type { Field } from '../fields/index.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';
import { GROUP, KIND, NAMESPACE, OBJECT_NAME } from './name-rules.ts';

/** gateway.networking.k8s.io ReferenceGrant: who may refer to objects of its namespace. Every `from` goes with every `to`. */
export interface ReferenceGrantObject {
  readonly kind: 'ReferenceGrant';
  readonly meta: ObjectMeta;
  readonly from: readonly ReferenceGrantFrom[];
  readonly to: readonly ReferenceGrantTo[];
}

/** Who may refer: objects of a kind, in a namespace. */
export interface ReferenceGrantFrom {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
}

/** What may be referred to. */
export interface ReferenceGrantTo {
  readonly group: string;
  readonly kind: string;
  /** Undefined: all of that kind. */
  readonly name: string | undefined;
}

/** Accepts exactly what the CustomResourceDefinition does. */
export function parseReferenceGrant(root: Field, defaultNamespace: string): ReferenceGrantObject {
  const meta = parseObjectMeta(root, { fallback: defaultNamespace });
  const spec = root.key('spec').required().object(['from', 'to']);
  return {
    kind: 'ReferenceGrant',
    meta,
    from: spec
      .key('from')
      .required()
      .items(16, 1)
      .map((field) => {
        field.required().object(['group', 'kind', 'namespace']);
        return {
          group: field.key('group').required().text(GROUP) ?? '',
          kind: field.key('kind').required().text(KIND) ?? '',
          namespace: field.key('namespace').required().text(NAMESPACE) ?? '',
        };
      }),
    to: spec
      .key('to')
      .required()
      .items(16, 1)
      .map((field) => {
        field.required().object(['group', 'kind', 'name']);
        return {
          group: field.key('group').required().text(GROUP) ?? '',
          kind: field.key('kind').required().text(KIND) ?? '',
          name: field.key('name').text(OBJECT_NAME),
        };
      }),
  };
}
