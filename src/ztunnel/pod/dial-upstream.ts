import type { Clock } from '../../base/index.ts';
import { formatSocketAddress, identityOf, type Upstream } from '../../model/index.ts';
import { connectTcp, type NetNamespace, tcpByteStream } from '../../net/index.ts';
import { TunnelError, type TunnelPool } from '../../tunnel-protocol/index.ts';
import type { TrafficConfig } from '../config/index.ts';
import type { SessionKey } from '../../proxy/index.ts';
import { ZtunnelError } from '../errors.ts';
import type { DialContext, DialledUpstream } from '../outbound/ports.ts';
import { requestHead } from './request-head.ts';

/** Makes one attempt at an upstream, from inside the pod's namespace. */
export function createUpstreamDialler(deps: {
  readonly namespace: NetNamespace;
  readonly mark: number;
  readonly pool: TunnelPool<SessionKey>;
  readonly traffic: TrafficConfig;
  readonly clock: Clock;
}): (upstream: Upstream, context: DialContext) => Promise<DialledUpstream> {
  const { namespace, mark, pool, traffic, clock } = deps;

  async function openTunnel(upstream: Upstream, context: DialContext): Promise<DialledUpstream> {
    const { source, client, trace } = context;
    const key = {
      expected: upstream.expectedIdentities,
      destination: upstream,
      sourceAddress: client.address,
    };
    const giveUp = new AbortController();
    const onCut = (): void => giveUp.abort(context.signal.reason);
    context.signal.addEventListener('abort', onCut, { once: true });
    const timer = clock.after(traffic.answerTimeoutMs, () => giveUp.abort(noAnswer(upstream, traffic)));
    try {
      const { stream } = await pool.open(
        key,
        requestHead({ upstream, source, client, trace }),
        giveUp.signal,
        context.isPatient ? undefined : traffic.connectTimeoutMs,
      );
      return { stream, identity: upstream.workload && identityOf(upstream.workload) };
    } catch (error) {
      // The pool says that its caller gave up; why it did is the better answer.
      if (error instanceof TunnelError && error.code === 'ERR_TUNNEL_ABORTED') throw giveUp.signal.reason;
      throw error;
    } finally {
      timer.cancel();
      context.signal.removeEventListener('abort', onCut);
    }
  }

  async function openPlain(upstream: Upstream, context: DialContext): Promise<DialledUpstream> {
    const socket = await connectTcp({
      namespace,
      address: upstream.address,
      port: upstream.port,
      mark,
      timeoutMs: context.isPatient ? traffic.answerTimeoutMs : traffic.connectTimeoutMs,
      signal: context.signal,
    });
    return { stream: tcpByteStream(socket), identity: undefined };
  }

  return (upstream, context) =>
    upstream.authority === undefined ? openPlain(upstream, context) : openTunnel(upstream, context);
}

function noAnswer(upstream: Upstream, traffic: TrafficConfig): ZtunnelError {
  return new ZtunnelError({
    code: 'ERR_ZTUNNEL_CONNECT_TIMEOUT',
    blame: 'upstream',
    message: `${formatSocketAddress(upstream)} did not answer the request for ${upstream.authority} within ${traffic.answerTimeoutMs} ms`,
    retryable: true,
  });
}
