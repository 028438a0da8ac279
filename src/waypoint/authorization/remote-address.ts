import type { HeaderList } from '../../http/index.ts';
import { type IpAddress, type SpiffeId, tryParseIpAddress } from '../../model/index.ts';
import type { RequestClient } from '../request/request-parties.ts';

/**
 * Whoever a request is from at its very beginning (`remote.ip`): the client, or where that is a gateway whose word is
 * believed, the gateway's own client. Undefined: such a gateway names somebody, and no address.
 *
 * By now the last element of X-Forwarded-For is the client's address, which the waypoint itself wrote.
 */
export function remoteAddress(
  headers: HeaderList,
  client: RequestClient,
  trustedClients: ReadonlySet<SpiffeId>,
): IpAddress | undefined {
  if (!trustedClients.has(client.identity.id)) return client.address;
  const [, named] = (headers.joined('x-forwarded-for') ?? '').split(',').reverse();
  return named === undefined ? client.address : parseForwardedAddress(named.trim());
}

/** Some proxies write the port too, and brackets. */
function parseForwardedAddress(text: string): IpAddress | undefined {
  const bare = /^(?:\[([0-9A-Fa-f:.]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d{1,5})?$/.exec(text);
  return tryParseIpAddress(bare?.[1] ?? bare?.[2] ?? text);
}
