import type { Field } from '../../fields/index.ts';
import { GROUP, KIND, NAMESPACE, OBJECT_NAME, PORT_NUMBER } from '../name-rules.ts';

/** Where traffic is to go, with the defaults filled in: a Service of Kubernetes' own group. */
export interface BackendReference {
  readonly group: string;
  readonly kind: string;
  /** Undefined: the route's own. */
  readonly namespace: string | undefined;
  readonly name: string;
  /** Never undefined for a Service. */
  readonly port: number | undefined;
}

/** A backend with its share of the requests, in proportion to the others' weights. */
export interface WeightedBackendReference extends BackendReference {
  /** 0: no traffic. */
  readonly weight: number;
}

/** `others` are members that the caller reads. */
export function parseBackendReference(field: Field, others: readonly string[] = []): BackendReference {
  field.required().object([...MEMBERS, ...others]);
  const reference = {
    group: field.key('group').text(GROUP) ?? '',
    kind: field.key('kind').text(KIND) ?? 'Service',
    namespace: field.key('namespace').text(NAMESPACE),
    name: field.key('name').required().text(OBJECT_NAME) ?? '',
    port: field.key('port').integer(PORT_NUMBER),
  };
  if (reference.group === '' && reference.kind === 'Service') field.key('port').required();
  return reference;
}

/** As parseBackendReference; the weight is 1 where none is given. */
export function parseWeightedBackendReference(
  field: Field,
  others: readonly string[] = [],
): WeightedBackendReference {
  const reference = parseBackendReference(field, ['weight', ...others]);
  return { ...reference, weight: field.key('weight').integer({ minimum: 0, maximum: 1_000_000 }) ?? 1 };
}

const MEMBERS = ['group', 'kind', 'namespace', 'name', 'port'];
