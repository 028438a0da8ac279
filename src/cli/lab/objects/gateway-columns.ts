import type { KubeObject } from '../../../lab/cluster/objects/index.ts';
import { age, conditionStatus, listField, textField } from './object-fields.ts';
import type { Beside, Columns } from './columns.ts';

/** What `get` shows of the Gateway API's objects: kubectl's columns, and what has become of a route. */
export const GATEWAY_COLUMNS: Readonly<Record<string, Columns>> = {
  GatewayClass: {
    header: ['NAME', 'CONTROLLER', 'ACCEPTED', 'AGE'],
    row: (object) => [
      object.metadata.name,
      textField(object.spec, 'controllerName') ?? '',
      conditionStatus(listField(object.status, 'conditions'), 'Accepted'),
      age(object),
    ],
  },
  Gateway: {
    header: ['NAME', 'CLASS', 'ADDRESS', 'PROGRAMMED', 'AGE'],
    row: (object) => [
      object.metadata.name,
      textField(object.spec, 'gatewayClassName') ?? '',
      texts(listField(object.status, 'addresses'), 'value'),
      conditionStatus(listField(object.status, 'conditions'), 'Programmed'),
      age(object),
    ],
  },
  ReferenceGrant: {
    header: ['NAME', 'FROM', 'TO', 'AGE'],
    row: (object) => [
      object.metadata.name,
      listField(object.spec, 'from')
        .map((from) => `${textField(from, 'kind')} in ${textField(from, 'namespace')}`)
        .join(','),
      listField(object.spec, 'to')
        .map((to) =>
          [textField(to, 'kind'), textField(to, 'name')].filter((text) => text !== undefined).join('/'),
        )
        .join(','),
      age(object),
    ],
  },
  ...Object.fromEntries(
    ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute'].map((kind) => [
      kind,
      {
        header: ['NAME', 'HOSTNAMES', 'PARENTS', 'ACCEPTED', 'AGE', 'NOTE'],
        row: (object: KubeObject, { notes = [] }: Beside = {}) => [
          object.metadata.name,
          listField(object.spec, 'hostnames').join(',') || '*',
          listField(object.spec, 'parentRefs').map(parentName).join(',') || '<none>',
          acceptance(object),
          age(object),
          [...complaints(object), ...notes].join('; '),
        ],
      },
    ]),
  ),
};

/** `service/cart:80`, `service/shop/cart`. */
function parentName(parent: unknown): string {
  const kind = (textField(parent, 'kind') ?? 'Gateway').toLowerCase();
  const namespace = textField(parent, 'namespace');
  const { port } = parent as { readonly port?: unknown };
  const name = `${namespace === undefined ? '' : `${namespace}/`}${textField(parent, 'name') ?? ''}`;
  return `${kind}/${name}${typeof port === 'number' ? `:${port}` : ''}`;
}

/** Of several parents `Partly` where they do not agree. */
function acceptance({ status }: KubeObject): string {
  const found = new Set(
    listField(status, 'parents').map((parent) =>
      conditionStatus(listField(parent, 'conditions'), 'Accepted'),
    ),
  );
  const [first = 'Unknown'] = found;
  return found.size > 1 ? 'Partly' : first;
}

/** Everything that is not as the author meant it. */
export function complaints({ status }: KubeObject): readonly string[] {
  const conditions = listField(status, 'parents').flatMap((parent) => listField(parent, 'conditions'));
  const messages = conditions
    .filter(
      (condition) =>
        (textField(condition, 'status') === 'True') === (textField(condition, 'type') === 'PartiallyInvalid'),
    )
    .map((condition) => textField(condition, 'message') ?? '');
  return [...new Set(messages)];
}

function texts(items: readonly unknown[], name: string): string {
  return items.flatMap((item) => textField(item, name) ?? []).join(',') || '<none>';
}
