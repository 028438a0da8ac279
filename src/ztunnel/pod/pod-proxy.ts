import { type Closable, createDrain, sleep } from '../../base/index.ts';
import { serverTlsOptions } from '../../identity/index.ts';
import { HBONE_PORT, INBOUND_PLAINTEXT_PORT, OUTBOUND_PORT } from '../../model/index.ts';
import { namespaceHasIpv6, openListener } from '../../net/index.ts';
import {
  baggageOf,
  createPeerJudge,
  createTunnelListener,
  createWorkloadSessionPool,
} from '../../proxy/index.ts';
import type { PodProxy } from '../enrolment/index.ts';
import { fromUnknown } from '../from-unknown.ts';
import { carryPlaintext } from '../inbound/carry-plaintext.ts';
import { carryTunnel } from '../inbound/carry-tunnel.ts';
import { carryOutbound } from '../outbound/carry-outbound.ts';
import { startCaptureListener } from './capture-listener.ts';
import { createPodConnections } from './pod-connections.ts';
import { inboundPorts, outboundPorts } from './pod-ports.ts';
import type { PodProxyDeps, ProxiedPod } from './pod-proxy-deps.ts';

/**
 * What the kernel holds of a captured connection that its destination does not read. The sender is in the same network
 * namespace or one hop away, so more would not be faster; and hundreds of stalled connections at the kernel's own
 * choice use up the machine's memory for TCP, for everybody.
 */
const CAPTURE_BUFFER_BYTES = 512 * 1024;

/** How long listeners go on after nobody is sent to them any more. */
const LAST_ACCEPTS_MS = 100;

/**
 * Starts the three listeners of one pod and what stands behind them. Resolves when all of them accept; rejects, with
 * nothing left open, when one cannot.
 */
export async function startPodProxy(deps: PodProxyDeps, target: ProxiedPod): Promise<PodProxy> {
  const { pod, namespace, mark, identity } = target;
  const { view } = deps;
  const log = deps.log.child({ pod: pod.uid });
  const account = deps.budget.account();
  const drain = createDrain();
  let svid = await identity.svid();
  const peers = createPeerJudge(() => svid);
  const tracker = createPodConnections(deps.tracker);
  const pool = createWorkloadSessionPool({
    mark,
    namespace,
    identity,
    account,
    // Whoever has other endpoints waits for less (dial-upstream).
    connectTimeoutMs: deps.traffic.answerTimeoutMs,
    clock: deps.clock,
    metrics: deps.tunnels,
  });
  const outbound = outboundPorts(deps, target, { pool, tracker });
  const inbound = inboundPorts(deps, target, { tracker });

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
    baggage() {
      const workload = view.workload(pod.uid);
      return workload === undefined ? '' : baggageOf(workload);
    },
    onTunnel: (request) => carry(carryTunnel(request, inbound)),
    onRejected: (rejection) => deps.onTunnelRejected(pod, rejection),
  });
  const subscriptions = [
    identity.renewals.subscribe((renewed) => {
      svid = renewed;
      server.setSecureContext(serverTlsOptions(renewed));
    }),
    identity.revocations.subscribe(() => {
      server.reauthenticate();
      pool.reviewRevocations(svid);
    }),
  ];

  const listeners: Closable[] = [];
  const address = namespaceHasIpv6(namespace) ? '::' : '0.0.0.0';
  // Shared with the proxy of the process before or after this one.
  const listen = (port: number): number => openListener(namespace, { address, port, mark, reusePort: true });
  const capture = (port: number): number =>
    openListener(namespace, {
      address,
      port,
      mark,
      reusePort: true,
      receiveBufferBytes: CAPTURE_BUFFER_BYTES,
    });
  try {
    await server.listen(listen(HBONE_PORT));
    listeners.push(
      await startCaptureListener({
        fd: capture(INBOUND_PLAINTEXT_PORT),
        log,
        onConnection: (connection) => carry(carryPlaintext(connection, inbound)),
      }),
    );
    listeners.push(
      await startCaptureListener({
        fd: capture(OUTBOUND_PORT),
        log,
        onConnection: (connection) => carry(carryOutbound(connection, outbound)),
      }),
    );
  } catch (error) {
    destroy(fromUnknown(error));
    throw error;
  }

  let draining: Promise<void> | undefined;
  async function drained(): Promise<void> {
    // Whoever was redirected just before the rules went may still be on the way to an accept queue.
    await sleep(deps.clock, LAST_ACCEPTS_MS);
    await Promise.all(listeners.map((listener) => listener.close()));
    await Promise.all([server.close(), drain.drained()]);
    for (const unsubscribe of subscriptions) unsubscribe();
    await pool.close();
  }

  function destroy(reason: Error): void {
    const cause = fromUnknown(reason);
    for (const listener of listeners) listener.destroy();
    for (const unsubscribe of subscriptions) unsubscribe();
    tracker.cutAll(cause);
    server.destroy(cause);
    pool.destroy(cause);
  }

  return {
    drain() {
      draining ??= drained();
      return draining;
    },
    destroy,
  };
}
