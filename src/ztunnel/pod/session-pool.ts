import { secureClient } from '../../identity/index.ts';
import { connectTcp, MESH_MARK } from '../../net/index.ts';
import { type BufferAccount, createTunnelPool, type TunnelPool } from '../../tunnel-protocol/index.ts';
import { type SessionKey, sessionKeyText } from './dial-upstream.ts';
import type { PodProxyDeps, ProxiedPod } from './pod-proxy-deps.ts';

/** The sessions of one pod: dialled from its namespace, with its certificate. */
export function createPodSessionPool(
  deps: Pick<PodProxyDeps, 'traffic' | 'clock'>,
  { namespace, identity }: ProxiedPod,
  account: BufferAccount,
): TunnelPool<SessionKey> {
  const { traffic, clock } = deps;
  return createTunnelPool<SessionKey>({
    keyOf: sessionKeyText,
    account,
    clock,
    config: { poolConnectTimeoutMs: traffic.connectTimeoutMs },
    async connect(key, signal) {
      const svid = await identity.svid(signal);
      const socket = await connectTcp({
        namespace,
        ...key.destination,
        mark: MESH_MARK,
        timeoutMs: traffic.connectTimeoutMs,
        signal,
      });
      const expected = { identities: key.expected };
      const secured = await secureClient({ socket, svid, expected, signal, clock });
      return secured.socket;
    },
  });
}
