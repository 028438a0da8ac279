import { create } from '@bufbuild/protobuf';
import type { HeaderCondition, RequestCondition } from '../../../../model/index.ts';
import {
  ClientConditionSchema,
  HeaderConditionSchema,
  RequestConditionSchema,
  type HeaderCondition as WireHeaderCondition,
  type RequestCondition as WireRequestCondition,
} from '../../../generated/waypoint_condition_pb.js';
import { badField, requireText } from '../../field.ts';

/** `nodemesh.waypoint.RequestCondition`. */
export function encodeCondition({ path, method, headers, client }: RequestCondition): WireRequestCondition {
  return create(RequestConditionSchema, {
    path: path === undefined ? { case: undefined } : { case: PATH_CASES[path.kind], value: path.value },
    method: method ?? '',
    headers: headers.map(encodeHeaderCondition),
    ...(client === undefined
      ? {}
      : {
          client: create(ClientConditionSchema, {
            namespace: client.namespace,
            serviceAccount: client.serviceAccount ?? '',
          }),
        }),
  });
}

/** Throws ERR_WIRE_FIELD, naming the field from `where` down. */
export function decodeCondition(message: WireRequestCondition, where: string): RequestCondition {
  const { client } = message;
  return {
    path: decodePath(message),
    method: message.method === '' ? undefined : message.method,
    headers: message.headers.map((header, index) =>
      decodeHeaderCondition(header, `${where}.headers[${index}]`),
    ),
    client:
      client === undefined
        ? undefined
        : {
            namespace: requireText(client.namespace, `${where}.client.namespace`),
            serviceAccount: client.serviceAccount === '' ? undefined : client.serviceAccount,
          },
  };
}

function decodePath({ path }: WireRequestCondition): RequestCondition['path'] {
  switch (path.case) {
    case 'pathExact':
      return { kind: 'exact', value: path.value };
    case 'pathPrefix':
      return { kind: 'prefix', value: path.value };
    case 'pathRegex':
      return { kind: 'regex', value: path.value };
    default:
      return undefined;
  }
}

function encodeHeaderCondition(condition: HeaderCondition): WireHeaderCondition {
  return create(HeaderConditionSchema, { name: condition.name, value: encodeHeaderValue(condition) });
}

function encodeHeaderValue(condition: HeaderCondition): WireHeaderCondition['value'] {
  switch (condition.kind) {
    case 'exact':
    case 'regex':
      return { case: condition.kind, value: condition.value };
    case 'present':
    case 'absent':
      return { case: 'present', value: condition.kind === 'present' };
  }
}

function decodeHeaderCondition({ name, value }: WireHeaderCondition, where: string): HeaderCondition {
  switch (value.case) {
    case 'exact':
    case 'regex':
      return { kind: value.case, name, value: value.value };
    case 'present':
      return { kind: value.value ? 'present' : 'absent', name };
    default:
      throw badField(where, 'expected a kind of header condition that this version knows, got none');
  }
}

const PATH_CASES = { exact: 'pathExact', prefix: 'pathPrefix', regex: 'pathRegex' } as const;
