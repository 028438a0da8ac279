import { HeaderList, type HttpRequest, NO_BODY } from '../../../http/index.ts';
import type { JwtRule } from '../../../model/index.ts';
import type { Target } from '../parties/target.ts';

/** What is asked, as far as somebody said. */
export interface AskedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Undefined: what was dialled. */
  readonly host: string | undefined;
  /** Sent as a bearer token. */
  readonly jwt: string | undefined;
  /** Something else than HTTP. */
  readonly isBytes: boolean;
  /** The name in its TLS ClientHello; empty: no TLS. */
  readonly sni: string;
  /** A JWKS for issuers whose keys a waypoint would fetch. */
  readonly keysOf?: ((rule: JwtRule) => string | undefined) | undefined;
}

/** A plain GET, of which nothing else was said. */
export const PLAIN_REQUEST: AskedRequest = {
  method: 'GET',
  path: '/',
  headers: [],
  host: undefined,
  jwt: undefined,
  isBytes: false,
  sni: '',
};

/** As a client would send it to what it dialled. */
export function toHttpRequest(
  { method, path, headers, host, jwt }: AskedRequest,
  target: Target,
): HttpRequest {
  const fields = new HeaderList(headers.map(([name, value]) => [name.toLowerCase(), value] as const));
  if (jwt !== undefined) fields.set('authorization', `Bearer ${jwt}`);
  return {
    version: '1.1',
    method,
    scheme: 'http',
    authority: host ?? authorityOf(target),
    target: path,
    headers: fields,
    body: NO_BODY,
    upgrade: undefined,
    expectContinue: false,
  };
}

/** `cart:8080`; the name alone on port 80, and of `shop/cart` what a client would call it. */
function authorityOf({ written, port, address, service, workload }: Target): string {
  const isName = !written.includes('/') && written !== workload?.name;
  const name = isName ? written : (service?.hostname ?? address);
  const host = name.includes(':') ? `[${name}]` : name;
  return port === 80 ? host : `${host}:${port}`;
}

/** In words, for the head of an explanation. */
export function requestText(request: AskedRequest, target: Target): string {
  return request.isBytes ? '' : `${request.method} ${request.host ?? authorityOf(target)}${request.path}`;
}
