import type { IpAddress } from '../../../src/model/index.ts';
import { cidrContains, parseCidr } from '../../../src/model/index.ts';

/**
 * Evaluates Envoy's RBAC filters as their YAML has them: written from Envoy's API documentation, without a line of what it
 * is compared with. What it does not know makes it throw.
 */
export interface RbacRequest {
  /** Undefined: no certificate. */
  readonly principal: string | undefined;
  readonly directRemoteIp: IpAddress;
  readonly remoteIp: IpAddress;
  readonly destinationIp: IpAddress;
  readonly destinationPort: number;
  readonly serverName: string;
  /** Pseudo-headers among them; empty for a plain connection. */
  readonly headers: ReadonlyMap<string, string>;
  /** Path and query. */
  readonly path: string;
  readonly claims: unknown;
}

type Node = Readonly<Record<string, unknown>>;

/** Filters in their order: the first that refuses decides. */
export function passesFilters(filters: readonly Node[], request: RbacRequest): boolean {
  return filters.every((filter) => passes(filter, request));
}

/** Whether the rules that ask an external authorizer match. */
export function asksAuthorizer(filters: readonly Node[], request: RbacRequest): boolean {
  return filters.some((filter) => {
    const config = asNode(filter.typedConfig);
    return (
      config.shadowRulesStatPrefix === 'istio_ext_authz_' && matchesAny(asNode(config.shadowRules), request)
    );
  });
}

export function isRbacFilter(filter: Node): boolean {
  return String(asNode(filter.typedConfig)['@type']).endsWith('.v3.RBAC');
}

function passes(filter: Node, request: RbacRequest): boolean {
  const rules = asNode(filter.typedConfig).rules;
  // Without rules the filter enforces nothing; with rules but no policies it enforces that nobody matches.
  if (rules === undefined) return true;
  const { action = 'ALLOW' } = asNode(rules);
  const matched = matchesAny(asNode(rules), request);
  switch (action) {
    case 'ALLOW':
      return matched;
    case 'DENY':
      return !matched;
    case 'LOG':
      return true;
    default:
      throw new Error(`action ${String(action)}`);
  }
}

function matchesAny(rules: Node, request: RbacRequest): boolean {
  return Object.values(asNode(rules.policies ?? {})).some((policy) => {
    const { permissions, principals } = asNode(policy);
    return (
      asList(permissions).some((permission) => holds(asNode(permission), request)) &&
      asList(principals).some((principal) => holds(asNode(principal), request))
    );
  });
}

function holds(node: Node, request: RbacRequest): boolean {
  const [entry, ...more] = Object.entries(node);
  if (entry === undefined || more.length > 0) throw new Error(`node ${JSON.stringify(node)}`);
  const [kind, value] = entry;
  switch (kind) {
    case 'any':
      return true;
    case 'andRules':
      return asList(asNode(value).rules).every((rule) => holds(asNode(rule), request));
    case 'orRules':
      return asList(asNode(value).rules).some((rule) => holds(asNode(rule), request));
    case 'notRule':
      return !holds(asNode(value), request);
    case 'andIds':
      return asList(asNode(value).ids).every((id) => holds(asNode(id), request));
    case 'orIds':
      return asList(asNode(value).ids).some((id) => holds(asNode(id), request));
    case 'notId':
      return !holds(asNode(value), request);
    case 'header':
      return headerHolds(asNode(value), request);
    case 'urlPath':
      return stringHolds(asNode(asNode(value).path), request.path.split('?')[0] ?? '');
    case 'uriTemplate':
      return templateHolds(String(asNode(asNode(value).typedConfig).pathTemplate), request.path);
    case 'destinationIp':
      return rangeHolds(asNode(value), request.destinationIp);
    case 'directRemoteIp':
      return rangeHolds(asNode(value), request.directRemoteIp);
    case 'remoteIp':
      return rangeHolds(asNode(value), request.remoteIp);
    case 'destinationPort':
      return Number(value) === request.destinationPort;
    case 'requestedServerName':
      return stringHolds(asNode(value), request.serverName);
    case 'authenticated': {
      const name = asNode(value).principalName;
      return (
        request.principal !== undefined &&
        (name === undefined || stringHolds(asNode(name), request.principal))
      );
    }
    case 'filterState':
      return (
        request.principal !== undefined && stringHolds(asNode(asNode(value).stringMatch), request.principal)
      );
    case 'metadata':
      return metadataHolds(asNode(value), request);
    default:
      throw new Error(`rule ${kind}`);
  }
}

function headerHolds({ name, ...matcher }: Node, request: RbacRequest): boolean {
  const value = request.headers.get(String(name).toLowerCase());
  if (matcher.presentMatch !== undefined) return (value !== undefined) === matcher.presentMatch;
  if (value === undefined) return false;
  if (matcher.safeRegexMatch !== undefined) return stringHolds({ safeRegex: matcher.safeRegexMatch }, value);
  return stringHolds(asNode(matcher.stringMatch), value);
}

function stringHolds(matcher: Node, text: string): boolean {
  const { ignoreCase = false, ...rest } = matcher;
  const [[kind, pattern] = []] = Object.entries(rest);
  const fold = (value: string): string => (ignoreCase === true ? value.toLowerCase() : value);
  switch (kind) {
    case 'exact':
      return fold(text) === fold(String(pattern));
    case 'prefix':
      return fold(text).startsWith(fold(String(pattern)));
    case 'suffix':
      return fold(text).endsWith(fold(String(pattern)));
    case 'safeRegex':
      return new RegExp(`^(?:${String(asNode(pattern).regex)})$`, 's').test(text);
    default:
      throw new Error(`string matcher ${JSON.stringify(matcher)}`);
  }
}

/** `*` is one segment, `**` any number of characters. */
function templateHolds(template: string, path: string): boolean {
  const characters = "[a-zA-Z0-9\\-._~%!$&'()+,;:@=]";
  const source = template
    .split(/(\*\*?)/)
    .map((part) => {
      if (part === '*') return `${characters}+`;
      if (part === '**') return `(?:${characters}|/)*`;
      return part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
    })
    .join('');
  return new RegExp(`^${source}$`).test(path.split('?')[0] ?? '');
}

function rangeHolds({ addressPrefix, prefixLen = 0 }: Node, address: IpAddress): boolean {
  return cidrContains(parseCidr(`${String(addressPrefix)}/${Number(prefixLen)}`), address);
}

function metadataHolds({ filter, path, value }: Node, request: RbacRequest): boolean {
  // Nothing but verified tokens puts metadata on requests here.
  let found: unknown = filter === 'envoy.filters.http.jwt_authn' ? { payload: request.claims } : undefined;
  for (const segment of asList(path)) {
    const key = String(asNode(segment).key);
    found =
      typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Node)[key] : undefined;
  }
  return valueHolds(asNode(value), found);
}

function valueHolds(matcher: Node, value: unknown): boolean {
  const [[kind, inner] = []] = Object.entries(matcher);
  switch (kind) {
    case 'stringMatch':
      return typeof value === 'string' && stringHolds(asNode(inner), value);
    case 'listMatch': {
      const { oneOf } = asNode(inner);
      return Array.isArray(value) && value.some((item) => valueHolds(asNode(oneOf), item));
    }
    case 'orMatch':
      return asList(asNode(inner).valueMatchers).some((one) => valueHolds(asNode(one), value));
    default:
      throw new Error(`value matcher ${JSON.stringify(matcher)}`);
  }
}

function asNode(value: unknown): Node {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('expected an object');
  return value as Node;
}

function asList(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error('expected a list');
  return value;
}
