import type { ProxyDiscovery, ProxyDiscoveryType } from '../../model/index.ts';
import type { ConnectedProxy, ProxyTypeStatus } from '../../xds/index.ts';

/** How this controller stands with one proxy; undefined without a stream of it. */
export function discoveryOf(streams: readonly ConnectedProxy[], nowMs: number): ProxyDiscovery | undefined {
  if (streams.length === 0) return undefined;
  const times = streams.flatMap(({ pushTimesMs }) => pushTimesMs).sort((a, b) => a - b);
  return {
    atMs: nowMs,
    connectedMs: Math.min(...streams.map(({ connectedAtMs }) => connectedAtMs)),
    version: streams.find(({ version }) => version !== '')?.version ?? '',
    types: streams.flatMap(({ types }) => types.map(typeOf)),
    pushP50Ms: quantile(times, 0.5),
    pushP99Ms: quantile(times, 0.99),
  };
}

function typeOf(type: ProxyTypeStatus): ProxyDiscoveryType {
  const { lastRejection, lastAcknowledgedAtMs = 0 } = type;
  const isRejecting = lastRejection !== undefined && lastRejection.atMs >= lastAcknowledgedAtMs;
  return {
    typeUrl: type.typeUrl,
    sent: type.sentVersion,
    acknowledged: type.acknowledgedVersion,
    acknowledgedMs: lastAcknowledgedAtMs,
    behindSinceMs: type.behindSinceMs,
    rejection: isRejecting ? { version: lastRejection.version, message: lastRejection.message } : undefined,
  };
}

function quantile(ascending: readonly number[], share: number): number | undefined {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))];
}
