import { type Clock, type Closable, createDrain, type Logger } from '../../base/index.ts';
import { secureClient, serverTlsOptions } from '../../identity/index.ts';
import {
  type EnrolmentPod,
  HBONE_PORT,
  INBOUND_PLAINTEXT_PORT,
  type MeshView,
  OUTBOUND_PORT,
  resolveUpstream,
  type Workload,
} from '../../model/index.ts';
import {
  connectTcp,
  MESH_MARK,
  type NetNamespace,
  namespaceHasIpv6,
  openListener,
  splice,
  tcpByteStream,
} from '../../net/index.ts';
import { type BufferBudget, createTunnelPool } from '../../tunnel-protocol/index.ts';
import type { TrafficConfig } from '../config/index.ts';
import type { Admission } from '../connections/admission.ts';
import {
  beginRecord,
  type ConnectionDetails,
  type ConnectionJournal,
} from '../connections/connection-record.ts';
import type { ConnectionTracker, LiveConnection } from '../connections/tracker.ts';
import { untilKnown } from '../connections/until-known.ts';
import type { PodProxy } from '../enrolment/index.ts';
import { ZtunnelError } from '../errors.ts';
import { fromUnknown } from '../from-unknown.ts';
import { carryPlaintext } from '../inbound/carry-plaintext.ts';
import { carryTunnel } from '../inbound/carry-tunnel.ts';
import type { InboundPorts } from '../inbound/ports.ts';
import { carryOutbound } from '../outbound/carry-outbound.ts';
import type { OutboundPorts } from '../outbound/ports.ts';
import { startCaptureListener } from './capture-listener.ts';
import { createUpstreamDialler, type SessionKey, sessionKeyText } from './dial-upstream.ts';
import { createPeerJudge, type PodIdentity } from './pod-identity.ts';
import { baggageOf } from './request-head.ts';
import { createTunnelListener, type TunnelRejection } from './tunnel-listener.ts';

/** What the proxies of all pods share. */
export interface PodProxyDeps {
  readonly network: string;
  readonly view: MeshView;
  readonly traffic: TrafficConfig;
  readonly admission: Admission;
  readonly tracker: ConnectionTracker;
  readonly journal: ConnectionJournal;
  readonly budget: BufferBudget;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  /** A peer or request on 15008 was turned away before there was a connection. */
  onTunnelRejected(pod: EnrolmentPod, rejection: TunnelRejection): void;
}

/**
 * Starts the three listeners of one pod and what stands behind them. Resolves when all of them accept; rejects, with
 * nothing left open, when one cannot.
 */
export async function startPodProxy(
  deps: PodProxyDeps,
  target: {
    readonly pod: EnrolmentPod;
    readonly namespace: NetNamespace;
    readonly identity: PodIdentity;
  },
): Promise<PodProxy> {
  const { pod, namespace, identity } = target;
  const { view, clock, traffic, admission } = deps;
  const log = deps.log.child({ pod: pod.uid });
  const account = deps.budget.account();
  const drain = createDrain();
  const live = new Set<LiveConnection>();

  let svid = await identity.svid();
  const peers = createPeerJudge(() => svid);
  const pool = createTunnelPool<SessionKey>({
    keyOf: sessionKeyText,
    account,
    clock,
    config: { poolConnectTimeoutMs: traffic.connectTimeoutMs },
    async connect(key, signal) {
      const current = await identity.svid(signal);
      const socket = await connectTcp({
        namespace,
        ...key.destination,
        mark: MESH_MARK,
        timeoutMs: traffic.connectTimeoutMs,
        signal,
      });
      const expected = { identities: key.expected };
      const secured = await secureClient({ socket, svid: current, expected, signal, clock });
      return secured.socket;
    },
  });

  const tracker: ConnectionTracker = {
    add(connection) {
      live.add(connection);
      const release = deps.tracker.add(connection);
      return () => {
        live.delete(connection);
        release();
      };
    },
    of: deps.tracker.of,
    get size() {
      return deps.tracker.size;
    },
  };
  const record = (details: ConnectionDetails) => beginRecord(deps.journal, clock.monotonic, details);
  const outbound: OutboundPorts = {
    pod: pod.uid,
    sourceWorkload: () => sourceWorkload(pod, deps),
    resolve: (question) => resolveUpstream({ view, network: deps.network, random: deps.random, ...question }),
    dial: createUpstreamDialler({ namespace, pool, traffic, clock }),
    beginRecord: (connection) =>
      record({
        direction: 'outbound',
        protocol: 'TCP',
        source: connection.remote,
        sourceIdentity: identity.identity,
      }),
    tracker,
    splice,
    tries: traffic.tries,
  };
  const inbound: InboundPorts = {
    pod: pod.uid,
    identity: identity.identity,
    network: deps.network,
    view,
    admission,
    async connectApplication(destination, client, signal) {
      const socket = await connectTcp({
        namespace,
        ...destination,
        mark: MESH_MARK,
        sourceAddress: client,
        timeoutMs: traffic.connectTimeoutMs,
        signal,
      });
      return tcpByteStream(socket);
    },
    beginRecord: record,
    tracker,
    splice,
    clock,
    holdMs: traffic.holdMs,
  };

  /** Counts a connection until it is over; carrying never rejects. */
  const carry = (work: Promise<void>): void => {
    const release = drain.hold();
    work.then(release, (error: unknown) => {
      release();
      log.error('carrying a connection failed', { error: fromUnknown(error) });
    });
  };
  const server = createTunnelListener({
    svid,
    trustDomain: identity.identity.trustDomain,
    judge: peers,
    account,
    log,
    baggage: () => baggageOfPod(view.workload(pod.uid)),
    onTunnel: (request) => carry(carryTunnel(request, inbound)),
    onRejected: (rejection) => deps.onTunnelRejected(pod, rejection),
  });
  const unsubscribe = [
    identity.renewals.subscribe((renewed) => {
      svid = renewed;
      server.setSecureContext(serverTlsOptions(renewed));
    }),
    identity.revocations.subscribe(() => {
      server.reauthenticate();
      pool.reverify(({ key, socket }) => {
        if ('getPeerX509Certificate' in socket) peers.judge(socket, { identities: key.expected });
      });
    }),
  ];

  const address = namespaceHasIpv6(namespace) ? '::' : '0.0.0.0';
  const listen = (port: number): number => openListener(namespace, { address, port, reusePort: true });
  const listeners: Closable[] = [];
  try {
    await server.listen(listen(HBONE_PORT));
    const onPlaintext = (connection: Parameters<typeof carryPlaintext>[0]): void =>
      carry(carryPlaintext(connection, inbound));
    const onOutbound = (connection: Parameters<typeof carryOutbound>[0]): void =>
      carry(carryOutbound(connection, outbound));
    listeners.push(
      await startCaptureListener({ fd: listen(INBOUND_PLAINTEXT_PORT), log, onConnection: onPlaintext }),
      await startCaptureListener({ fd: listen(OUTBOUND_PORT), log, onConnection: onOutbound }),
    );
  } catch (error) {
    destroy(fromUnknown(error));
    throw error;
  }

  let draining: Promise<void> | undefined;
  async function drained(): Promise<void> {
    for (const listener of listeners) listener.destroy();
    await Promise.all([server.close(), drain.drained()]);
    for (const stop of unsubscribe) stop();
    await pool.close();
  }

  function destroy(cause: Error): void {
    for (const stop of unsubscribe) stop();
    for (const listener of listeners) listener.destroy();
    const cut = fromUnknown(cause);
    for (const connection of [...live]) connection.cut(cut);
    server.destroy(cut);
    pool.destroy(cut);
  }

  return {
    drain() {
      draining ??= drained();
      return draining;
    },
    destroy,
  };
}

async function sourceWorkload(pod: EnrolmentPod, deps: PodProxyDeps): Promise<Workload> {
  const { view, clock, traffic } = deps;
  const workload = await untilKnown({ changes: view.changes, clock }, traffic.holdMs, () =>
    view.workload(pod.uid),
  );
  if (workload !== undefined) return workload;
  throw new ZtunnelError({
    code: 'ERR_ZTUNNEL_UNKNOWN_SOURCE',
    blame: 'local',
    message: `the workload ${pod.uid} has not arrived from the control plane`,
    hint: 'check that this node is connected to its controller, and that the pod is Running with an IP',
  });
}

function baggageOfPod(workload: Workload | undefined): string {
  return workload === undefined ? '' : baggageOf(workload);
}
