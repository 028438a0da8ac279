import {
  formatSocketAddress,
  type Service,
  type SocketAddress,
  type Upstream,
  type Workload,
} from '../../model/index.ts';
import { baggageOf } from '../../proxy/index.ts';
import { formatTraceparent, type SpanContext } from '../../telemetry/index.ts';
import { formatForwarded, type TunnelRequestHead } from '../../tunnel-protocol/index.ts';
import { ZtunnelError } from '../errors.ts';

/** The CONNECT for one outbound connection (wire.md §1.5). */
export function requestHead(options: {
  readonly upstream: Upstream;
  readonly source: Workload;
  readonly client: SocketAddress;
  readonly trace: SpanContext | undefined;
}): TunnelRequestHead {
  const { upstream, source, client, trace } = options;
  if (upstream.authority === undefined) throw notATunnel(upstream);
  return {
    authority: upstream.authority,
    baggage: baggageOf(source),
    forwarded: formatForwarded({ client, host: dialledHost(upstream.service, upstream) }),
    traceparent: trace && formatTraceparent(trace),
  };
}

/** Only a service that was dialled by its own address is what the client had in mind; a guess is not passed on. */
function dialledHost(service: Service | undefined, upstream: Upstream): string | undefined {
  return upstream.serviceAddressed ? service?.hostname : undefined;
}

function notATunnel(upstream: Upstream): ZtunnelError {
  return new ZtunnelError({
    code: 'ERR_ZTUNNEL_FAULT',
    blame: 'local',
    message: `${formatSocketAddress(upstream)} is reached without a tunnel and needs no request`,
  });
}
