import { test } from 'tap';
import {
  createMeshView,
  type GatewayAddress,
  inboundPath,
  type Service,
  type SpiffeId,
  type Workload,
} from '../../src/model/index.ts';
import { ip, makeService, makeWorkload, serving, vip } from './mesh-fixtures.ts';

const gateway = (name: string): GatewayAddress => ({
  kind: 'hostname',
  namespace: 'shop',
  hostname: `${name}.shop.svc.cluster.local`,
  hboneMtlsPort: 15008,
});
const account = (name: string) => `spiffe://cluster.local/ns/shop/sa/${name}` as SpiffeId;
const waypointService = makeService({ name: 'waypoint', ports: [], addresses: [vip('10.96.0.9')] });
const waypointPod = serving(makeWorkload({ name: 'waypoint', addresses: [ip('10.0.9.9')] }), waypointService);

function pathTo(
  pod: Workload,
  services: readonly Service[],
  over: { readonly port?: number; readonly peer?: string; readonly pods?: readonly Workload[] } = {},
): string {
  const view = createMeshView();
  view.apply({
    upsertServices: [...services, waypointService],
    upsertWorkloads: [pod, ...(over.pods ?? [waypointPod])],
  });
  const peer = over.peer === undefined ? undefined : account(over.peer);
  return inboundPath({ view, workload: pod, port: over.port ?? 8080, peer }).kind;
}

test('only a port behind a service with a waypoint has a way round it', async (t) => {
  const web = { ...makeService({ name: 'web' }), waypoint: gateway('waypoint') };
  const plain = makeService({ name: 'plain' });
  const pod = serving(makeWorkload({ name: 'p' }), web);
  t.equal(pathTo(pod, [web], { peer: 'waypoint' }), 'through');
  t.equal(pathTo(pod, [web], { peer: 'client' }), 'round');
  t.equal(pathTo(pod, [web]), 'round', 'plaintext');
  t.equal(pathTo(pod, [web], { port: 9090 }), 'direct', 'another port');
  t.equal(pathTo(serving(makeWorkload({ name: 'p' }), plain), [plain]), 'direct');
  t.equal(pathTo(makeWorkload({ name: 'p' }), [web]), 'direct');
});

test('a canary’s pods come through, and a pod that is not ready is the waypoint’s all the same', async (t) => {
  const canary = makeService({ name: 'canary', ports: [] });
  const web: Service = {
    ...makeService({ name: 'web' }),
    waypoint: gateway('waypoint'),
    weightedWaypoints: [
      { destination: gateway('waypoint'), weight: 95 },
      { destination: gateway('canary'), weight: 5 },
    ],
  };
  const pod = serving(makeWorkload({ name: 'p' }), web);
  const canaryPod = { ...serving(makeWorkload({ name: 'canary' }), canary), status: 'unhealthy' as const };
  t.equal(pathTo(pod, [web, canary], { peer: 'canary', pods: [waypointPod, canaryPod] }), 'through');
  t.equal(pathTo(pod, [web, canary], { peer: 'canary', pods: [waypointPod] }), 'round');
});

test('a waypoint’s identity is known from its service before it has a pod', async (t) => {
  const web = { ...makeService({ name: 'web' }), waypoint: gateway('edge') };
  const edge = { ...makeService({ name: 'edge', ports: [] }), subjectAltNames: [account('edge')] };
  const pod = serving(makeWorkload({ name: 'p' }), web);
  t.equal(pathTo(pod, [web, edge], { peer: 'edge', pods: [] }), 'through');
});

test('a pod’s own waypoint stands before every port of it, by name or by address', async (t) => {
  const byName: Workload = { ...makeWorkload({ name: 'p' }), waypoint: gateway('waypoint') };
  t.equal(pathTo(byName, [], { peer: 'waypoint', port: 1 }), 'through');
  t.equal(pathTo(byName, [], { peer: 'client', port: 1 }), 'round');
  for (const address of ['10.96.0.9', '10.0.9.9']) {
    const waypoint = { kind: 'address' as const, network: '', address: ip(address), hboneMtlsPort: 15008 };
    const byAddress: Workload = { ...makeWorkload({ name: 'p' }), waypoint };
    t.equal(pathTo(byAddress, [], { peer: 'waypoint' }), 'through', address);
    t.equal(pathTo(byAddress, [], { peer: 'client' }), 'round', address);
  }
});
