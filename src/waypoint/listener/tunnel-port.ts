import {
  type BufferAccount,
  type Closable,
  createDrain,
  type Logger,
  type MeshError,
} from '../../base/index.ts';
import { serverTlsOptions, type Svid } from '../../identity/index.ts';
import type { HttpServerConnection } from '../../http/index.ts';
import { namespaceHasIpv6, openListener } from '../../net/index.ts';
import {
  baggageOf,
  createPeerJudge,
  createTunnelListener,
  type HeldIdentity,
  type HostPort,
  type TunnelRejection,
} from '../../proxy/index.ts';
import { fromUnknown } from '../from-unknown.ts';
import type { RequestClient } from '../request/request-parties.ts';
import { carryTunnel } from './carry-tunnel.ts';
import type { ListenerPorts } from './ports.ts';

/** Where tunnels come in, and who takes what is in them. */
export interface TunnelPortOptions {
  readonly listen: HostPort;
  readonly identity: HeldIdentity;
  readonly account: BufferAccount;
  /** The waypoint's own workload, for what peers are told; undefined while the mesh does not know it. */
  ownWorkload(): RequestClient['workload'];
  /** Everything but the tracking, which is this port's own. */
  readonly ports: Omit<ListenerPorts, 'track'>;
  onRejected(rejection: TunnelRejection): void;
  readonly log: Logger;
}

/** The waypoint's HBONE port. `close` takes nothing new and lets requests and connections end. */
export interface TunnelPort extends Closable {
  /** Of all HTTP connections inside the tunnels. */
  readonly connections: number;
}

/** Listens once there is a certificate. */
export async function openTunnelPort(options: TunnelPortOptions): Promise<TunnelPort> {
  const { identity, log } = options;
  const drain = createDrain();
  const live = new Set<HttpServerConnection>();
  let svid: Svid = await identity.svid();
  const peers = createPeerJudge(() => svid);
  const ports: ListenerPorts = {
    ...options.ports,
    track(connection) {
      live.add(connection);
      return () => live.delete(connection);
    },
  };
  const server = createTunnelListener({
    svid,
    trustDomain: identity.identity.trustDomain,
    judge: peers,
    account: options.account,
    baggage() {
      const workload = options.ownWorkload();
      return workload === undefined ? '' : baggageOf(workload);
    },
    onTunnel(request) {
      const release = drain.hold();
      carryTunnel(request, ports).then(release, (error: unknown) => {
        release();
        log.error('carrying a tunnel failed', { error: fromUnknown(error) });
      });
    },
    onRejected: options.onRejected,
  });
  const subscriptions = [
    identity.renewals.subscribe((renewed) => {
      svid = renewed;
      server.setSecureContext(serverTlsOptions(renewed));
    }),
    identity.revocations.subscribe(() => server.reauthenticate()),
  ];
  const { port } = options.listen;
  const isEverywhere = options.listen.host === '::';
  const host = isEverywhere && !namespaceHasIpv6(undefined) ? '0.0.0.0' : options.listen.host;
  await server.listen(openListener(undefined, { address: host, port, mark: 0, reusePort: true }));

  const unsubscribe = (): void => {
    for (const stop of subscriptions.splice(0)) stop();
  };
  const destroy = (cause?: Error): void => {
    unsubscribe();
    const failure: MeshError | undefined = cause === undefined ? undefined : fromUnknown(cause);
    for (const connection of [...live]) connection.destroy(failure);
    server.destroy(failure);
  };
  return {
    get connections() {
      return live.size;
    },
    async close() {
      await server.stopAccepting();
      for (const connection of live) void connection.close();
      await Promise.all([server.close(), drain.drained()]);
      unsubscribe();
    },
    destroy,
  };
}
