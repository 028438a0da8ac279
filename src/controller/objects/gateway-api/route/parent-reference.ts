import type { Field } from '../../fields/index.ts';
import { GROUP, KIND, NAMESPACE, OBJECT_NAME, PORT_NUMBER, SECTION_NAME } from '../name-rules.ts';

/** What a route wants to be attached to, with the defaults filled in. */
export interface ParentReference {
  readonly group: string;
  readonly kind: string;
  /** Undefined: the route's own. */
  readonly namespace: string | undefined;
  readonly name: string;
  /** A listener of a Gateway, or a port's name of a Service. Undefined: all. */
  readonly sectionName: string | undefined;
  readonly port: number | undefined;
}

/** The references must be distinct: of those to one object all name sections or none, all name ports or none. */
export function parseParentReferences(field: Field): readonly ParentReference[] {
  const byObject = new Map<string, { readonly first: ParentReference; readonly places: Set<string> }>();
  return field.items(32).map((item) => {
    const reference = parseParentReference(item);
    const { group, kind, namespace = '', name, sectionName, port } = reference;
    const object = JSON.stringify([group, kind, namespace, name]);
    const known = byObject.get(object) ?? { first: reference, places: new Set() };
    byObject.set(object, known);
    const place = JSON.stringify([sectionName, port]);
    if (known.places.has(place))
      item.issue('a sectionName or port unlike other references to the same parent');
    known.places.add(place);
    if ((known.first.sectionName === undefined) !== (sectionName === undefined))
      item.issue('a sectionName in all references to the same parent, or in none');
    if ((known.first.port === undefined) !== (port === undefined))
      item.issue('a port in all references to the same parent, or in none');
    return reference;
  });
}

function parseParentReference(field: Field): ParentReference {
  field.required().object(['group', 'kind', 'namespace', 'name', 'sectionName', 'port']);
  const group = field.key('group');
  // Nobody means a Service of the Gateway API's group, and nobody would say anything about this parent.
  if (!group.present && field.key('kind').value === 'Service')
    group.notice(
      '"" for a Service',
      'nothing, which stands for gateway.networking.k8s.io and is no parent here',
    );
  return {
    group: group.text(GROUP) ?? 'gateway.networking.k8s.io',
    kind: field.key('kind').text(KIND) ?? 'Gateway',
    namespace: field.key('namespace').text(NAMESPACE),
    name: field.key('name').required().text(OBJECT_NAME) ?? '',
    sectionName: field.key('sectionName').text(SECTION_NAME),
    port: field.key('port').integer(PORT_NUMBER),
  };
}
