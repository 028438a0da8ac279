import type { Values } from './crd-oracle.ts';
import {
  auth,
  backend,
  cors,
  extension,
  headers,
  mirror,
  modifier,
  prefix,
  redirect,
  rewrite,
} from './rich-objects.ts';

// For each rule of the API a change that breaks it.

/** Where it breaks, what is put there (undefined: nothing), and the words of the rule that it breaks. */
export type Breach = readonly [kind: string, path: string, value: unknown, rule: string];

const filter = 'spec.rules.0.filters.';
const listener = 'spec.listeners.';
const matches = Array.from({ length: 64 }, () => prefix);
export const BREACHES: readonly Breach[] = [
  [
    'HTTPRoute',
    'spec.parentRefs.1.port',
    undefined,
    'sectionName or port must be specified when parentRefs includes',
  ],
  ['HTTPRoute', 'spec.parentRefs.1.port', 80, 'sectionName or port must be unique when parentRefs includes'],
  ['HTTPRoute', 'spec.rules', [{ matches }, { matches }, {}], 'must be less than 128'],
  ['HTTPRoute', 'spec.rules.1.name', 'one', 'Rule name must be unique'],
  ['HTTPRoute', 'spec.rules.1.backendRefs', [backend], 'RequestRedirect filter must not be used together'],
  [
    'HTTPRoute',
    'spec.rules.1.matches',
    [prefix, prefix],
    'When using RequestRedirect filter with path.replacePrefixMatch',
  ],
  [
    'HTTPRoute',
    'spec.rules.0.matches.0.path.type',
    'Exact',
    'When using URLRewrite filter with path.replacePrefixMatch',
  ],
  ['HTTPRoute', 'spec.rules.3.matches', [], 'Within backendRefs, when using RequestRedirect filter'],
  [
    'HTTPRoute',
    'spec.rules.3',
    { matches: [], backendRefs: [{ ...backend, filters: [rewrite] }] },
    'Within backendRefs, When using URLRewrite',
  ],
  ['HTTPRoute', 'spec.rules.0.backendRefs.0.port', undefined, 'Must have port for Service reference'],
  [
    'HTTPRoute',
    'spec.rules.1.filters',
    [redirect, rewrite],
    'May specify either httpRouteFilterRequestRedirect',
  ],
  ['HTTPRoute', 'spec.rules.1.filters', [cors, cors], 'CORS filter cannot be repeated'],
  [
    'HTTPRoute',
    'spec.rules.1.filters',
    [headers[0], headers[0]],
    'RequestHeaderModifier filter cannot be repeated',
  ],
  [
    'HTTPRoute',
    'spec.rules.1.filters',
    [headers[1], headers[1]],
    'ResponseHeaderModifier filter cannot be repeated',
  ],
  ['HTTPRoute', 'spec.rules.1.filters', [redirect, redirect], 'RequestRedirect filter cannot be repeated'],
  ['HTTPRoute', 'spec.rules.1.filters', [rewrite, rewrite], 'URLRewrite filter cannot be repeated'],
  ...[
    ['cors', 'CORS', cors.cors],
    ['requestHeaderModifier', 'RequestHeaderModifier', modifier],
    ['responseHeaderModifier', 'ResponseHeaderModifier', modifier],
    ['requestMirror', 'RequestMirror', mirror.requestMirror],
    ['requestRedirect', 'RequestRedirect', { port: 80 }],
    ['urlRewrite', 'URLRewrite', { hostname: 'a' }],
    ['extensionRef', 'ExtensionRef', extension.extensionRef],
    ['externalAuth', 'ExternalAuth', auth],
  ].flatMap(([member, type, value]): readonly Breach[] => [
    ['HTTPRoute', 'spec.rules.1.filters', [{ type }], `filter.${String(member)} must be specified`],
    [
      'HTTPRoute',
      'spec.rules.1.filters',
      [type === 'CORS' ? { ...headers[0], [String(member)]: value } : { ...cors, [String(member)]: value }],
      `filter.${String(member)} must be nil`,
    ],
  ]),
  ['HTTPRoute', `${filter}3.cors.allowHeaders`, ['*', 'a'], "AllowHeaders cannot contain '*'"],
  ['HTTPRoute', `${filter}3.cors.allowMethods`, ['*', 'GET'], "AllowMethods cannot contain '*'"],
  ['HTTPRoute', `${filter}3.cors.allowOrigins`, ['*', 'https://a'], "AllowOrigins cannot contain '*'"],
  ['HTTPRoute', `${filter}4.requestMirror.percent`, 5, 'Only one of percent or fraction'],
  ['HTTPRoute', `${filter}4.requestMirror.fraction.numerator`, 11, 'numerator must be less than or equal'],
  [
    'HTTPRoute',
    `${filter}6.externalAuth.grpc`,
    undefined,
    "grpc must be specified when protocol is set to 'GRPC'",
  ],
  ['HTTPRoute', `${filter}6.externalAuth`, { ...auth, http: {} }, "protocol must be 'HTTP' when http is set"],
  [
    'HTTPRoute',
    `${filter}6.externalAuth`,
    { protocol: 'HTTP', backendRef: backend },
    "http must be specified when protocol is set to 'HTTP'",
  ],
  [
    'HTTPRoute',
    `${filter}6.externalAuth`,
    { ...auth, protocol: 'HTTP', http: {} },
    "protocol must be 'GRPC' when grpc is set",
  ],
  [
    'HTTPRoute',
    `${filter}2.urlRewrite.path`,
    { type: 'ReplaceFullPath' },
    'replaceFullPath must be specified',
  ],
  ['HTTPRoute', `${filter}2.urlRewrite.path.replaceFullPath`, '/x', "type must be 'ReplaceFullPath'"],
  [
    'HTTPRoute',
    `${filter}2.urlRewrite.path`,
    { type: 'ReplacePrefixMatch' },
    'replacePrefixMatch must be specified',
  ],
  [
    'HTTPRoute',
    `${filter}2.urlRewrite.path`,
    { type: 'ReplaceFullPath', replaceFullPath: '', replacePrefixMatch: '' },
    "type must be 'ReplacePrefixMatch'",
  ],
  ...[
    ['x', 'must be an absolute path'],
    ['/a//b', "must not contain '//'"],
    ['/./x', "must not contain '/./'"],
    ['/../x', "must not contain '/../'"],
    ['/%2f', "must not contain '%2f'"],
    ['/%2F', "must not contain '%2F'"],
    ['/#', "must not contain '#'"],
    ['/x/..', "must not end with '/..'"],
    ['/x/.', "must not end with '/.'"],
    ['/ö', 'must only contain valid characters'],
  ].map(([value, rule = '']): Breach => ['HTTPRoute', 'spec.rules.2.matches.1.path.value', value, rule]),
  ['HTTPRoute', 'spec.rules.0.timeouts.backendRequest', '11s', 'backendRequest timeout cannot be longer'],
  [
    'HTTPRoute',
    'spec.rules.0.sessionPersistence.absoluteTimeout',
    undefined,
    'AbsoluteTimeout must be specified',
  ],
  [
    'HTTPRoute',
    'spec.rules.0.sessionPersistence.type',
    'Header',
    'cookieConfig can only be set with type Cookie',
  ],
  [
    'GRPCRoute',
    'spec.parentRefs.3.sectionName',
    undefined,
    'sectionName or port must be specified when parentRefs includes',
  ],
  [
    'GRPCRoute',
    'spec.parentRefs.3.sectionName',
    'a',
    'sectionName or port must be unique when parentRefs includes',
  ],
  [
    'GRPCRoute',
    'spec.rules',
    [{ matches: matches.map(() => ({})) }, { matches: matches.map(() => ({})) }, { matches: [{}] }],
    'must be less than 128',
  ],
  ['GRPCRoute', 'spec.rules.1.name', 'one', 'Rule name must be unique'],
  ['GRPCRoute', 'spec.rules.0.backendRefs.0.port', undefined, 'Must have port for Service reference'],
  ['GRPCRoute', `${filter}1`, headers[0], 'RequestHeaderModifier filter cannot be repeated'],
  ['GRPCRoute', `${filter}0`, headers[1], 'ResponseHeaderModifier filter cannot be repeated'],
  ...[
    ['requestHeaderModifier', 'RequestHeaderModifier', modifier],
    ['responseHeaderModifier', 'ResponseHeaderModifier', modifier],
    ['requestMirror', 'RequestMirror', mirror.requestMirror],
    ['extensionRef', 'ExtensionRef', extension.extensionRef],
  ].flatMap(([member, type, value]): readonly Breach[] => [
    ['GRPCRoute', 'spec.rules.1.filters', [{ type }], `filter.${String(member)} must be specified`],
    [
      'GRPCRoute',
      'spec.rules.1.filters',
      [
        type === 'ExtensionRef'
          ? { ...mirror, [String(member)]: value }
          : { ...extension, [String(member)]: value },
      ],
      `filter.${String(member)} must be nil`,
    ],
  ]),
  ['GRPCRoute', `${filter}2.requestMirror.percent`, 5, 'Only one of percent or fraction'],
  ['GRPCRoute', `${filter}2.requestMirror.fraction.numerator`, 11, 'numerator must be less than or equal'],
  ['GRPCRoute', 'spec.rules.0.matches.0.method', {}, "One or both of 'service' or 'method'"],
  ['GRPCRoute', 'spec.rules.0.matches.0.method.service', 'a-b', 'service must only contain valid characters'],
  ['GRPCRoute', 'spec.rules.0.matches.0.method.method', 'a.b', 'method must only contain valid characters'],
  [
    'GRPCRoute',
    'spec.rules.0.sessionPersistence.absoluteTimeout',
    undefined,
    'AbsoluteTimeout must be specified',
  ],
  [
    'GRPCRoute',
    'spec.rules.0.sessionPersistence.type',
    'Header',
    'cookieConfig can only be set with type Cookie',
  ],
  ...['TCPRoute', 'TLSRoute'].flatMap((kind): readonly Breach[] => [
    [
      kind,
      'spec.parentRefs.1.port',
      undefined,
      'sectionName or port must be specified when parentRefs includes',
    ],
    [kind, 'spec.parentRefs.1.port', 80, 'sectionName or port must be unique when parentRefs includes'],
    [kind, 'spec.rules.0.backendRefs.0.port', undefined, 'Must have port for Service reference'],
  ]),
  ['TLSRoute', 'spec.hostnames.0', '10.0.0.1', 'Hostnames cannot contain an IP'],
  ['Gateway', 'spec.addresses.3.value', '10.0.0.1', 'IPAddress values must be unique'],
  ['Gateway', 'spec.addresses.2.value', 'a.b', 'Hostname values must be unique'],
  ['Gateway', 'spec.addresses.2.value', 'A', 'Hostname value must be empty or contain only valid'],
  ['Gateway', 'spec.infrastructure.labels', { '-': 'a' }, 'Label keys must be in the form'],
  ['Gateway', 'spec.infrastructure.annotations', { '-': 'a' }, 'Annotation keys must be in the form'],
  [
    'Gateway',
    'spec.infrastructure.labels',
    { [`${'a'.repeat(253)}/x`]: 'a' },
    "If specified, the label key's prefix",
  ],
  [
    'Gateway',
    'spec.infrastructure.annotations',
    { [`${'a'.repeat(253)}/x`]: 'a' },
    "If specified, the annotation key's prefix",
  ],
  ['Gateway', `${listener}1.tls`, { mode: 'Passthrough' }, 'tls must not be specified for protocols'],
  ['Gateway', `${listener}2.tls.mode`, 'Passthrough', 'tls mode must be Terminate for protocol HTTPS'],
  ['Gateway', `${listener}3.tls`, undefined, 'tls mode must be set for protocol TLS'],
  ['Gateway', `${listener}4.hostname`, 'a.b', 'hostname must not be specified for protocols'],
  [
    'Gateway',
    `${listener}4`,
    { name: 'x', port: 444, protocol: 'TLS', tls: { mode: 'Passthrough' } },
    'Combination of port, protocol and hostname',
  ],
  ['Gateway', `${listener}2.tls.certificateRefs`, [], 'certificateRefs or options must be specified'],
];

/** The object with something else at `path` (`spec.rules.0.name`). */
export function withValueAt(value: unknown, path: readonly string[], replacement: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return replacement;
  if (Array.isArray(value))
    return value.with(Number(first), withValueAt(value[Number(first)], rest, replacement));
  const { [first]: before, ...others } = (value ?? {}) as Values;
  const after = withValueAt(before, rest, replacement);
  return after === undefined ? others : { ...others, [first]: after };
}
