import type { HttpRequest } from '../../http/index.ts';
import type { IpAddress } from '../../model/index.ts';
import type { RequestAttributes } from '../../policy/index.ts';
import type { RequestContext } from '../request/request-context.ts';

/** Who asks, and what was dialled: what requests and plain connections have in common. */
export type JudgedParties = Pick<RequestContext, 'client' | 'dialled'>;

/** A request as policies see it: after authentication, before any route has changed it. */
export function requestAttributes(
  request: HttpRequest,
  { tokens, ...parties }: JudgedParties & Pick<RequestContext, 'tokens'>,
  remoteAddress: IpAddress,
): RequestAttributes {
  const { method, authority, target, headers } = request;
  return {
    ...connectionAttributes(parties, ''),
    remoteAddress,
    http: {
      method,
      authority,
      target,
      header: (name) => headers.all(name),
      tokens: tokens.map(({ policyClaims }) => ({ claims: policyClaims })),
    },
  };
}

/** A connection that is carried as it comes. */
export function connectionAttributes({ client, dialled }: JudgedParties, sni: string): RequestAttributes {
  return {
    source: client.identity,
    sourceAddress: client.address,
    remoteAddress: client.address,
    destinationAddress: dialled.address,
    destinationPort: dialled.port,
    sni,
    http: undefined,
  };
}
