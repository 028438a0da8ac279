import { type Field, parseGoDuration } from '../fields/index.ts';
import { parseTelemetryProvider, type TelemetryProviderObject } from './telemetry-provider.ts';

/** An entry of MeshConfig's extensionProviders. */
export interface ExtensionProviderObject {
  readonly name: string;
  /** Undefined: it is of another kind (tracing, logging), which nobody may name for CUSTOM. */
  readonly authorizer: AuthorizerObject | undefined;
  /** Undefined: it is none of these. */
  readonly telemetry: TelemetryProviderObject | undefined;
}

/** envoyExtAuthzGrpc or envoyExtAuthzHttp. */
export interface AuthorizerObject {
  readonly protocol: 'grpc' | 'http';
  /** `[<namespace>/]<hostname>`, as it was written. */
  readonly service: string;
  readonly port: number;
  /** Undefined: not said, here and below. */
  readonly timeoutMs: number | undefined;
  readonly failOpen: boolean;
  readonly statusOnError: number | undefined;
  readonly requestBody:
    | { readonly maxBytes: number; readonly allowPartial: boolean; readonly asBytes: boolean }
    | undefined;
  readonly pathPrefix: string;
  readonly includeHeaders: readonly string[];
  readonly additionalHeaders: ReadonlyMap<string, string>;
  readonly headersToUpstreamOnAllow: readonly string[];
  readonly headersToDownstreamOnAllow: readonly string[];
  readonly headersToDownstreamOnDeny: readonly string[];
}

/** One of a kind that is not read has neither authorizer nor telemetry, which is no fault. */
export function parseExtensionProvider(field: Field): ExtensionProviderObject {
  field.object();
  const name = field.key('name').required().text({ minLength: 1 }) ?? '';
  const grpc = field.key('envoyExtAuthzGrpc');
  const http = field.key('envoyExtAuthzHttp');
  if (grpc.present && http.present)
    field.issue('one kind of provider', 'envoyExtAuthzGrpc and envoyExtAuthzHttp');
  const telemetry = parseTelemetryProvider(field);
  if (grpc.present) return { name, telemetry, authorizer: parseAuthorizer(grpc.object(GRPC_FIELDS), 'grpc') };
  if (http.present) return { name, telemetry, authorizer: parseAuthorizer(http.object(HTTP_FIELDS), 'http') };
  return { name, telemetry, authorizer: undefined };
}

function parseAuthorizer(field: Field, protocol: AuthorizerObject['protocol']): AuthorizerObject {
  const prefix = field.key('pathPrefix');
  return {
    protocol,
    service: field.key('service').required().text({ minLength: 1, pattern: SERVICE }) ?? '',
    port: field.key('port').required().integer({ minimum: 1, maximum: 65535 }) ?? 0,
    timeoutMs: parseGoDuration(field.key('timeout')),
    failOpen: field.key('failOpen').boolean() ?? false,
    statusOnError: parseStatus(field.key('statusOnError')),
    requestBody: parseBody(field.key('includeRequestBodyInCheck')),
    pathPrefix: prefix.text(prefix.value === '' ? {} : { pattern: PATH_PREFIX }) ?? '',
    includeHeaders: [
      // Deprecated, and the same as the second.
      ...headerNames(field.key('includeHeadersInCheck')),
      ...headerNames(field.key('includeRequestHeadersInCheck')),
    ],
    additionalHeaders: parseAdditional(field.key('includeAdditionalHeadersInCheck')),
    headersToUpstreamOnAllow: headerNames(field.key('headersToUpstreamOnAllow')),
    headersToDownstreamOnAllow: headerNames(field.key('headersToDownstreamOnAllow')),
    headersToDownstreamOnDeny: headerNames(field.key('headersToDownstreamOnDeny')),
  };
}

/** Written as text, since it is that in MeshConfig; a number is what people mean. */
function parseStatus(field: Field): number | undefined {
  if (!field.present || field.value === '') return undefined;
  const status = Number(field.value);
  if (/^\d{3}$/.test(String(field.value)) && status >= 400 && status <= 599) return status;
  field.issue('a status from 400 to 599, such as "503"');
  return undefined;
}

function parseBody(field: Field): AuthorizerObject['requestBody'] {
  if (!field.present) return undefined;
  field.object(['maxRequestBytes', 'allowPartialMessage', 'packAsBytes']);
  return {
    maxBytes:
      field.key('maxRequestBytes').required().integer({ minimum: 1, maximum: LARGEST_BODY_BYTES }) ?? 1,
    allowPartial: field.key('allowPartialMessage').boolean() ?? false,
    asBytes: field.key('packAsBytes').boolean() ?? false,
  };
}

function parseAdditional(field: Field): ReadonlyMap<string, string> {
  for (const [name, value] of field.entries()) {
    if (!HEADER_NAME.test(name)) value.issue('the name of a header as the key', JSON.stringify(name));
    value.text({ pattern: HEADER_VALUE });
  }
  return field.textMap();
}

function headerNames(field: Field): readonly string[] {
  return field.texts({ minLength: 1, pattern: HEADER_PATTERN });
}

const COMMON_FIELDS = [
  'service',
  'port',
  'timeout',
  'failOpen',
  'statusOnError',
  'clearRouteCache',
  'includeRequestBodyInCheck',
];
const GRPC_FIELDS = COMMON_FIELDS;
const HTTP_FIELDS = [
  ...COMMON_FIELDS,
  'pathPrefix',
  'includeHeadersInCheck',
  'includeRequestHeadersInCheck',
  'includeAdditionalHeadersInCheck',
  'headersToUpstreamOnAllow',
  'headersToDownstreamOnAllow',
  'headersToDownstreamOnDeny',
];
const SERVICE =
  /^(?:[a-z0-9]([-a-z0-9]*[a-z0-9])?\/)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const PATH_PREFIX = /^\/[^\s?#]*$/;
/** RFC 9110 §5.1. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\x20-\x7e\t]*$/;
/** A name, or a part of one with `*` before or behind it. */
const HEADER_PATTERN = /^(\*[!#$%&'+.^_`|~0-9A-Za-z-]+|[!#$%&'+.^_`|~0-9A-Za-z-]+\*?)$/;
const LARGEST_BODY_BYTES = 16 * 1024 * 1024;
