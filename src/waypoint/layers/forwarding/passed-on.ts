import { randomUUID } from 'node:crypto';
import type { HeaderList, HttpRequest } from '../../../http/index.ts';
import type { IpAddress, SpiffeId } from '../../../model/index.ts';
import type { Layer } from '../../request/layer.ts';
import type { RequestClient } from '../../request/request-parties.ts';

/** Whom the waypoint speaks as, and whose word it passes on. */
export interface PassedOnConfig {
  /** The waypoint's own identity. */
  readonly self: SpiffeId;
  /** Gateways from outside the mesh, whose word about their own clients is believed. Default: nobody. */
  readonly trustedClients: ReadonlySet<SpiffeId>;
  /** Tells applications who the client is, in `x-forwarded-client-cert`. Default false. */
  readonly clientCertificate: boolean;
}

/**
 * What a request says about where it comes from is what the waypoint knows, not what its client says: it is in the
 * request before anything looks at it, routes and policies included. Only trusted gateways may have said something before.
 */
export function createPassedOnLayer(config: PassedOnConfig): Layer {
  return (next) => (request, context) => {
    tellOrigin(request, context.client, config);
    return next(request, context);
  };
}

/** Changes the request's own fields. */
export function tellOrigin(
  { headers, scheme, authority }: HttpRequest,
  client: RequestClient,
  config: PassedOnConfig,
): void {
  const believed = config.trustedClients.has(client.identity.id);
  const before = (name: string): string | undefined => (believed ? headers.joined(name) : undefined);
  const append = (name: string, value: string): void => {
    const earlier = before(name);
    headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  };
  append('x-forwarded-for', client.address);
  headers.set('x-forwarded-proto', before('x-forwarded-proto') ?? scheme);
  headers.set('x-forwarded-host', before('x-forwarded-host') ?? authority);
  append('forwarded', forwardedElement(client.address, authority, scheme));
  if (config.clientCertificate) append('x-forwarded-client-cert', clientCertificate(client, config.self));
  else headers.remove('x-forwarded-client-cert');
  removeAliases(headers);
  if (!headers.has('x-request-id')) headers.set('x-request-id', randomUUID());
}

/** CGI and its heirs (RFC 3875 §4.1.18, WSGI) read `_` in a name as `-`: what a client writes so would stand beside ours. */
function removeAliases(headers: HeaderList): void {
  const aliases: string[] = [];
  for (let index = 0; index < headers.size; index++) {
    const name = headers.lowerNameAt(index);
    if (name.includes('_') && ORIGIN_FIELDS.has(name.replaceAll('_', '-'))) aliases.push(name);
  }
  for (const name of aliases) headers.remove(name);
}

/** RFC 7239 §4: what is not a token is quoted, and so is every IPv6 address, in brackets. */
function forwardedElement(address: IpAddress, host: string, scheme: string): string {
  const node = address.includes(':') ? `"[${address}]"` : address;
  return `for=${node};host=${TOKEN.test(host) ? host : `"${host.replaceAll(/["\\]/g, '\\$&')}"`};proto=${scheme}`;
}

/** Envoy's format, as Istio fills it in: who received the request, and the certificate of who sent it. */
function clientCertificate({ identity, certificateHash }: RequestClient, self: SpiffeId): string {
  const hash = certificateHash?.() ?? '';
  return `By=${self};${hash === '' ? '' : `Hash=${hash};`}Subject="";URI=${identity.id}`;
}

const ORIGIN_FIELDS: ReadonlySet<string> = new Set([
  'x-forwarded-client-cert',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
]);
/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
