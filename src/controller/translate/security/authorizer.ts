import {
  type Authorizer,
  authorizerKey,
  type HeaderPattern,
  type HttpAuthorizer,
  type ServiceKey,
  serviceKey,
} from '../../../model/index.ts';
import type { AuthorizerObject, ExtensionProviderObject } from '../../objects/index.ts';
import type { MeshSettings } from '../mesh-settings.ts';

/** Undefined for a provider that is no external authorizer, or of whose service nobody can tell the namespace. */
export function translateAuthorizer(
  { name, authorizer }: ExtensionProviderObject,
  settings: MeshSettings,
): Authorizer | undefined {
  const service = authorizer && providerService(authorizer.service, settings);
  if (authorizer === undefined || service === undefined) return undefined;
  return {
    key: authorizerKey(settings.rootNamespace, name),
    namespace: settings.rootNamespace,
    name,
    service,
    port: authorizer.port,
    protocol: authorizer.protocol === 'grpc' ? { kind: 'grpc' } : httpOf(authorizer),
    timeoutMs: authorizer.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    failOpen: authorizer.failOpen,
    statusOnError: authorizer.statusOnError ?? 403,
    requestBody: authorizer.requestBody,
  };
}

/** `[<namespace>/]<hostname>`; a hostname of the cluster says its namespace itself, and may be shortened. */
export function providerService(text: string, { clusterDomain }: MeshSettings): ServiceKey | undefined {
  const [first = '', second] = text.split('/');
  if (second !== undefined) return serviceKey(first, longHostname(second, clusterDomain) ?? second);
  const hostname = longHostname(first, clusterDomain);
  const [, namespace = ''] = hostname?.split('.') ?? [];
  return hostname === undefined ? undefined : serviceKey(namespace, hostname);
}

/** Of the same text the name alone, as it was written. */
export function providerHost(text: string): string {
  return text.split('/').at(-1) ?? '';
}

/** `name.namespace`, `name.namespace.svc` or the whole of it; undefined for a name outside of the cluster. */
function longHostname(hostname: string, clusterDomain: string): string | undefined {
  const suffix = `.svc.${clusterDomain}`;
  const short = hostname.endsWith(suffix)
    ? hostname.slice(0, -suffix.length)
    : hostname.replace(/\.svc$/, '');
  return /^[^.]+\.[^.]+$/.test(short) ? `${short}${suffix}` : undefined;
}

function httpOf(object: AuthorizerObject): HttpAuthorizer {
  return {
    kind: 'http',
    pathPrefix: object.pathPrefix,
    includeHeaders: object.includeHeaders.map(readPattern),
    additionalHeaders: [...object.additionalHeaders].map(([name, value]) => ({
      name: name.toLowerCase(),
      value,
    })),
    toUpstreamOnAllow: object.headersToUpstreamOnAllow.map(readPattern),
    toDownstreamOnAllow: object.headersToDownstreamOnAllow.map(readPattern),
    toDownstreamOnDeny: object.headersToDownstreamOnDeny.map(readPattern),
  };
}

function readPattern(text: string): HeaderPattern {
  const name = text.toLowerCase();
  if (name.startsWith('*')) return { kind: 'suffix', value: name.slice(1) };
  if (name.endsWith('*')) return { kind: 'prefix', value: name.slice(0, -1) };
  return { kind: 'exact', value: name };
}

/** Istio waits for ten minutes; nobody's client does. */
const DEFAULT_TIMEOUT_MS = 10_000;
