import { createServer } from 'node:http';
import { connect } from 'node:net';
import { test } from 'tap';
import { createBufferBudget, silentLogger, systemClock } from '../../../src/base/index.ts';
import { openAuthority, serverTlsOptions } from '../../../src/identity/index.ts';
import { parseSpiffeId, type WorkloadIdentity } from '../../../src/model/index.ts';
import { splice, tcpByteStream } from '../../../src/net/index.ts';
import {
  createHeldIdentities,
  createPeerJudge,
  createTunnelListener,
  type TunnelRequest,
} from '../../../src/proxy/index.ts';
import { createDialler } from '../../../src/waypoint/upstream/dial/create-dialler.ts';
import { createWaypointPool } from '../../../src/waypoint/upstream/dial/waypoint-pool.ts';
import type { DialEndpoint } from '../../../src/waypoint/upstream/dial/dial-endpoint.ts';
import { withFolder } from '../../identity/support/certificates.ts';
import { storeOf } from '../../identity/support/live-mesh.ts';
import { makeWorkload } from '../../model/mesh-fixtures.ts';
import { openListeningDescriptor } from '../../tunnel-protocol/support/listening-descriptor.ts';
import { withUpstreams } from '../support/upstream-world.ts';

const WAYPOINT = parseSpiffeId('spiffe://cluster.local/ns/shop/sa/waypoint');
const CART = parseSpiffeId('spiffe://cluster.local/ns/shop/sa/cart-1');

test('requests reach a pod over tunnels of the waypoint’s own identity, one session for all clients', async (t) => {
  await withTunnels(CART, async ({ dial, requests }) => {
    await withUpstreams({ tunnelled: true, dial }, async (world) => {
      const server = createServer((request, response) => response.end(`hello ${request.url}`));
      await world.addEndpoint('cart-1', server);
      t.match(await world.get({ clientAddress: '10.0.0.1', request: { target: '/a' } }), {
        text: 'hello /a',
      });
      t.match(await world.get({ clientAddress: '10.0.0.1', request: { target: '/b' } }), {
        text: 'hello /b',
      });
      t.match(await world.get({ clientAddress: '10.0.0.2' }), { text: 'hello /' });
      t.match(
        requests.map(({ peer, forwarded, remote }) => ({ peer: peer.id, forwarded, remote })),
        [
          {
            peer: WAYPOINT.id,
            forwarded: {
              client: { address: '10.0.0.1', port: 40_000 },
              host: 'cart.shop.svc.cluster.local',
            },
          },
          { peer: WAYPOINT.id, forwarded: { client: { address: '10.0.0.2' } } },
        ],
      );
      t.equal(requests[0]?.remote.port, requests[1]?.remote.port, 'over one session');
      t.match(requests[0]?.peerCertificateHash?.(), /^[0-9a-f]{64}$/);
    });
  });
});

test('a pod that presents another identity than it should gets nothing', async (t) => {
  const other = parseSpiffeId('spiffe://cluster.local/ns/shop/sa/impostor');
  await withTunnels(other, async ({ dial, requests }) => {
    await withUpstreams({ tunnelled: true, dial }, async (world) => {
      await world.addEndpoint('cart-1', createServer());
      await t.rejects(world.get(), { code: 'ERR_WAYPOINT_CONNECT_FAILED', retryable: true });
      t.equal(requests.length, 0);
      t.match(world.upstreams.dump(), [{ connections: 0, endpoints: [{ failures: 1 }] }]);
    });
  });
});

test('a pod that does not answer the tunnel is given up after the connect timeout', async (t) => {
  await withTunnels(
    CART,
    async ({ dial }) => {
      const settings = { timeouts: { connectMs: 50, requestMs: 0, backendRequestMs: 0 } };
      await withUpstreams({ tunnelled: true, dial, settings }, async (world) => {
        await world.addEndpoint('cart-1', createServer());
        await t.rejects(world.get(), { code: 'ERR_WAYPOINT_CONNECT_FAILED', reason: 'connect-timeout' });
        t.match(world.upstreams.dump(), [{ connections: 0, activeRequests: 0 }]);
      });
    },
    () => undefined,
  );
});

test('a pod whose policy refuses the waypoint is not to blame, and is not asked again', async (t) => {
  const refusing = (status: number) => (request: TunnelRequest) => request.refuse(status, 'no');
  for (const [status, retryable, failures] of [
    [401, false, 0],
    [400, false, 1],
    [503, true, 1],
  ] as const) {
    await withTunnels(
      CART,
      async ({ dial }) => {
        await withUpstreams({ tunnelled: true, dial }, async (world) => {
          await world.addEndpoint('cart-1', createServer());
          await t.rejects(world.get(), { code: 'ERR_WAYPOINT_CONNECT_FAILED', retryable });
          t.match(world.upstreams.dump(), [{ endpoints: [{ failures }] }]);
        });
      },
      refusing(status),
    );
  }
});

test('a pod whose certificate is revoked loses its tunnels, and gets new ones when it has another', async (t) => {
  await withTunnels(CART, async ({ dial, requests, revokePod, sessions }) => {
    await withUpstreams({ tunnelled: true, dial }, async (world) => {
      await world.addEndpoint(
        'cart-1',
        createServer((_request, response) => response.end('ok')),
      );
      t.match(await world.get(), { text: 'ok' });
      t.equal(sessions(), 1);
      await revokePod();
      while (sessions() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      t.match(await world.get(), { text: 'ok' });
      t.equal(requests.length, 2);
    });
  });
});

interface Tunnels {
  readonly dial: DialEndpoint;
  /** The pod's certificate goes on a list that everybody gets, and it gets another. */
  revokePod(): Promise<void>;
  /** Of the waypoint's pool. */
  sessions(): number;
  readonly requests: readonly TunnelRequest[];
}

/** A pod's proxy with this identity, and a waypoint that dials it. */
async function withTunnels(
  pod: WorkloadIdentity,
  run: (tunnels: Tunnels) => Promise<void>,
  onTunnel = carry,
): Promise<void> {
  await withFolder(async (directory) => {
    const authority = await openAuthority({ directory, trustDomain: 'cluster.local' });
    const store = storeOf(authority, 3_600_000);
    const identityOf = createHeldIdentities(store);
    const budget = createBufferBudget();
    store.setTrustBundle(authority.bundle());
    let svid = await store.get(pod, 'connection');
    const requests: TunnelRequest[] = [];
    const server = createTunnelListener({
      svid,
      trustDomain: 'cluster.local',
      judge: createPeerJudge(() => svid),
      account: budget.account(),
      baggage: () => '',
      onRejected: () => undefined,
      onTunnel(request) {
        requests.push(request);
        onTunnel(request);
      },
    });
    const { fd, port } = openListeningDescriptor();
    await server.listen(fd);
    const pool = createWaypointPool({
      identity: identityOf(WAYPOINT),
      account: budget.account(),
      connectTimeoutMs: 5_000,
      clock: systemClock,
      log: silentLogger,
    });
    const self = makeWorkload({ name: 'waypoint' });
    const dialler = createDialler({ pool, self: () => self, clock: systemClock });
    try {
      // Every pod has the same port; here there is one machine.
      await run({
        requests,
        dial: (upstream, options) => dialler({ ...upstream, port }, options),
        sessions: () => pool.sessions().length,
        async revokePod() {
          await authority.revoke(svid.serial);
          store.setTrustBundle(authority.bundle());
          svid = await store.get(pod, 'connection');
          server.setSecureContext(serverTlsOptions(svid));
        },
      });
    } finally {
      pool.destroy();
      server.destroy();
      await store.close();
      await authority.close();
    }
  });
}

/** As the pod's proxy does, without policy. */
function carry(request: TunnelRequest): void {
  const { authority } = request;
  const socket = connect({ host: '127.0.0.1', port: authority.port, allowHalfOpen: true });
  splice(request.accept(), tcpByteStream(socket));
}
