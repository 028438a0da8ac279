import { create } from '@bufbuild/protobuf';
import { EmptySchema } from '@bufbuild/protobuf/wkt';
import {
  type Authorizer,
  authorizerKey,
  type HeaderPattern,
  type HttpAuthorizer,
  type ServiceKey,
} from '../../../model/index.ts';
import {
  type Authorizer as WireAuthorizer,
  AuthorizerSchema,
  CheckedBodySchema,
  type HeaderPattern as WireHeaderPattern,
  HeaderPatternSchema,
  type HttpAuthorizer as WireHttpAuthorizer,
  HttpAuthorizerSchema,
} from '../../generated/waypoint_authorizer_pb.js';
import { HeaderValueSchema } from '../../generated/waypoint_route_pb.js';
import { badField, decodePort, requireText } from '../field.ts';
import { understood } from '../understood.ts';

/** `nodemesh.waypoint.Authorizer`. */
export function encodeAuthorizer(authorizer: Authorizer): WireAuthorizer {
  const { protocol, requestBody } = authorizer;
  return create(AuthorizerSchema, {
    namespace: authorizer.namespace,
    name: authorizer.name,
    service: authorizer.service,
    port: authorizer.port,
    protocol:
      protocol.kind === 'grpc'
        ? { case: 'grpc', value: create(EmptySchema) }
        : { case: 'http', value: encodeHttp(protocol) },
    timeoutMs: BigInt(authorizer.timeoutMs),
    failOpen: authorizer.failOpen,
    statusOnError: authorizer.statusOnError,
    requestBody: requestBody && create(CheckedBodySchema, requestBody),
  });
}

/** Throws ERR_WIRE_FIELD, naming the field. */
export function decodeAuthorizer(message: WireAuthorizer): Authorizer {
  understood(message, 'authorizer');
  const namespace = requireText(message.namespace, 'authorizer.namespace');
  const name = requireText(message.name, 'authorizer.name');
  const body = message.requestBody;
  return {
    key: authorizerKey(namespace, name),
    namespace,
    name,
    service: requireText(message.service, 'authorizer.service') as ServiceKey,
    port: decodePort(message.port, 'authorizer.port'),
    protocol: decodeProtocol(message),
    timeoutMs: Number(message.timeoutMs),
    failOpen: message.failOpen,
    statusOnError: decodeStatus(message.statusOnError),
    requestBody: body && {
      maxBytes: body.maxBytes,
      allowPartial: body.allowPartial,
      asBytes: body.asBytes,
    },
  };
}

function decodeProtocol({ protocol }: WireAuthorizer): Authorizer['protocol'] {
  switch (protocol.case) {
    case 'grpc':
      return { kind: 'grpc' };
    case 'http':
      return decodeHttp(protocol.value, 'authorizer.http');
    default:
      throw badField('authorizer.protocol', 'expected a protocol that this version knows, got none');
  }
}

function encodeHttp(http: HttpAuthorizer): WireHttpAuthorizer {
  return create(HttpAuthorizerSchema, {
    pathPrefix: http.pathPrefix,
    includeHeaders: http.includeHeaders.map(encodePattern),
    additionalHeaders: http.additionalHeaders.map((header) => create(HeaderValueSchema, header)),
    toUpstreamOnAllow: http.toUpstreamOnAllow.map(encodePattern),
    toDownstreamOnAllow: http.toDownstreamOnAllow.map(encodePattern),
    toDownstreamOnDeny: http.toDownstreamOnDeny.map(encodePattern),
  });
}

function decodeHttp(http: WireHttpAuthorizer, path: string): HttpAuthorizer {
  understood(http, path);
  const patterns = (field: string, values: readonly WireHeaderPattern[]) =>
    values.map((value, index) => decodePattern(value, `${path}.${field}[${index}]`));
  return {
    kind: 'http',
    pathPrefix: http.pathPrefix,
    includeHeaders: patterns('include_headers', http.includeHeaders),
    additionalHeaders: http.additionalHeaders.map(({ name, value }) => ({ name, value })),
    toUpstreamOnAllow: patterns('to_upstream_on_allow', http.toUpstreamOnAllow),
    toDownstreamOnAllow: patterns('to_downstream_on_allow', http.toDownstreamOnAllow),
    toDownstreamOnDeny: patterns('to_downstream_on_deny', http.toDownstreamOnDeny),
  };
}

function encodePattern({ kind, value }: HeaderPattern): WireHeaderPattern {
  return create(HeaderPatternSchema, { pattern: { case: kind, value } });
}

function decodePattern({ pattern }: WireHeaderPattern, path: string): HeaderPattern {
  if (pattern.case === undefined) throw badField(path, 'expected exact, prefix or suffix, got none of them');
  return { kind: pattern.case, value: pattern.value };
}

/** A status that lets nobody think that all went well. */
function decodeStatus(status: number): number {
  if (status >= 400 && status <= 599) return status;
  throw badField('authorizer.status_on_error', `expected a status from 400 to 599, got ${status}`);
}
