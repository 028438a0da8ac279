import type { Clock } from '../../../base/index.ts';
import type { SocketAddress, TrafficSettings, Upstream } from '../../../model/index.ts';
import type { SpanContext } from '../../../telemetry/index.ts';
import type { DialEndpoint } from '../dial/dial-endpoint.ts';
import type { RequestGate } from '../limits/request-gate.ts';
import type { ConnectHttp, UpstreamVersion } from './http-connector.ts';
import type { IdleList } from './idle-list.ts';
import { createLane, type Lane, type Lease } from './lane.ts';

/** The HTTP connections to one endpoint. */
export interface EndpointConnections {
  lease(request: ConnectionRequest): Promise<Lease>;
  readonly count: number;
  /** Takes nothing new: idle connections close, busy ones when they are done. */
  retire(cause: Error): void;
  destroy(cause: Error): void;
}

/** What a request needs of its connection. */
export interface ConnectionRequest {
  readonly upstream: Upstream;
  readonly version: UpstreamVersion;
  readonly client: SocketAddress;
  readonly trace?: SpanContext | undefined;
  readonly settings: TrafficSettings;
  readonly signal: AbortSignal;
  readonly fresh: boolean;
}

/** How connections are made, and what bounds them. */
export interface EndpointConnectionsOptions {
  readonly dial: DialEndpoint;
  readonly connectHttp: ConnectHttp;
  readonly gate: RequestGate;
  /** Where its connections are listed while nobody uses them. */
  readonly idleLists: readonly IdleList[];
  readonly clock: Clock;
}

/**
 * Lanes by client address: an application in the mesh sees the address that its connection was opened for, so that requests
 * of two clients must not share one (ADR 0009). Endpoints outside of the mesh see ours anyway, and all clients share.
 */
export function createEndpointConnections(options: EndpointConnectionsOptions): EndpointConnections {
  const { dial, connectHttp, gate, idleLists, clock } = options;
  const lanes = new Map<string, Lane>();

  function laneFor(name: string, version: UpstreamVersion): Lane {
    const known = lanes.get(name);
    if (known !== undefined) return known;
    const lane = createLane({
      shared: version === '2',
      gate,
      idleLists,
      clock,
      onEmpty() {
        if (lanes.get(name) === lane) lanes.delete(name);
      },
    });
    lanes.set(name, lane);
    return lane;
  }

  return {
    lease({ upstream, version, client, trace, settings, signal, fresh }) {
      const lane = laneFor(laneName(upstream, version, client), version);
      const { connectMs } = settings.timeouts;
      return lane.lease({
        settings,
        signal,
        fresh,
        connect: async (dialSignal) =>
          connectHttp(
            await dial(upstream, { client, trace, timeoutMs: connectMs, signal: dialSignal }),
            version,
          ),
      });
    },
    get count() {
      let count = 0;
      for (const lane of lanes.values()) count += lane.connections;
      return count;
    },
    retire(cause) {
      for (const lane of [...lanes.values()]) lane.retire(cause);
      lanes.clear();
    },
    destroy(cause) {
      for (const lane of [...lanes.values()]) lane.destroy(cause);
      lanes.clear();
    },
  };
}

function laneName(upstream: Upstream, version: UpstreamVersion, client: SocketAddress): string {
  return upstream.authority === undefined ? version : `${version} ${client.address}`;
}
