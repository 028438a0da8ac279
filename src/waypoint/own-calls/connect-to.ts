import { connect, isIP } from 'node:net';
import { type Duplex, finished } from 'node:stream';
import { type ByteStream, type Clock, systemClock } from '../../base/index.ts';
import { type MeshView, type ServiceKey, serviceKey } from '../../model/index.ts';
import { DEFAULT_TRAFFIC_SETTINGS } from '../traffic/default-settings.ts';
import { openStream } from '../upstream/sending/open-stream.ts';
import type { Upstreams } from '../upstream/upstreams.ts';

/** Whom the waypoint itself calls: a server that counts for it, one that has keys of an issuer. */
export type CallTarget =
  | { readonly kind: 'service'; readonly service: ServiceKey; readonly port: number }
  /** A name or an address; where the mesh knows a service by it, that service. */
  | { readonly kind: 'host'; readonly host: string; readonly port: number };

/** See `createConnectTo`. */
export type ConnectTo = (target: CallTarget, signal: AbortSignal) => Promise<Duplex>;

/** What a connection of the waypoint's own is made with. */
export interface ConnectToDeps {
  readonly upstreams: Upstreams;
  readonly view: MeshView;
  readonly network: string;
  /** Of the waypoint, whose services it may reach by name. */
  readonly namespace: string;
  readonly clock?: Clock | undefined;
}

/**
 * Connections of the waypoint's own. Nobody takes up what it sends, so services of the mesh are reached through tunnels of
 * the waypoint's own identity, and everything else directly. The taker owns the stream. Rejects with a WaypointError or
 * with the system's error, or with the signal's reason.
 */
export function createConnectTo(deps: ConnectToDeps): ConnectTo {
  const { upstreams, view, network, namespace, clock = systemClock } = deps;

  const serviceOf = (target: CallTarget): ServiceKey | undefined => {
    if (target.kind === 'service') return target.service;
    const host = target.host.replace(/\.$/, '');
    const service =
      isIP(host) === 0
        ? view.serviceByHostname(host, namespace)
        : view.serviceAt(network, host as Parameters<MeshView['serviceAt']>[1], namespace);
    return service && serviceKey(service.namespace, service.hostname);
  };

  return async (target, signal) => {
    const service = serviceOf(target);
    if (service === undefined) return connectDirectly(target, signal);
    const { stream } = await openStream(
      {
        backend: upstreams.backend({ kind: 'service', service, port: target.port }),
        settings: DEFAULT_TRAFFIC_SETTINGS,
        client: OURSELVES,
        signal,
      },
      { dial: upstreams.deps.dial, clock },
    );
    return stream.duplex;
  };
}

/** What balancing by source address is told. */
const OURSELVES = { address: '0.0.0.0', port: 0 } as Parameters<typeof openStream>[0]['client'];

function connectDirectly(target: CallTarget, signal: AbortSignal): Promise<Duplex> {
  const host = target.kind === 'host' ? target.host : '';
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect({ host, port: target.port, noDelay: true });
    const onAbort = (): void => {
      socket.destroy();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      signal.removeEventListener('abort', onAbort);
      socket.off('error', reject);
      resolve(socket);
    });
    finished(socket, () => signal.removeEventListener('abort', onAbort));
  });
}

/** A Duplex that leaves no error unheard, as the HTTP engine takes it. */
export function asByteStream(duplex: Duplex): ByteStream {
  return {
    duplex,
    get endedCleanly() {
      return duplex.readableEnded;
    },
    reset: () => duplex.destroy(),
  };
}
