import { test } from 'tap';
import { createMeshView, gatewayKey, type Service, workloadIdentity } from '../../src/model/index.ts';
import { dialledTarget } from '../../src/waypoint/listener/dialled-target.ts';
import { ip, makeService, makeWorkload, vip } from '../model/mesh-fixtures.ts';

const SELF = {
  gateway: gatewayKey('shop', 'waypoint'),
  namespace: 'shop',
  hostname: 'waypoint.shop.svc.cluster.local',
  network: '',
  isTold: () => true,
};
const OWN = { kind: 'hostname', namespace: 'shop', hostname: SELF.hostname, hboneMtlsPort: 15008 } as const;
const OTHER = { ...OWN, hostname: 'other.shop.svc.cluster.local' } as const;
const PEER = workloadIdentity({ trustDomain: 'cluster.local', namespace: 'web', serviceAccount: 'front' });

function view(services: readonly Service[], podWaypoint?: typeof OWN) {
  const made = createMeshView();
  made.apply({
    upsertServices: services,
    upsertWorkloads: [makeWorkload({ name: 'pod', addresses: [ip('10.0.0.9')], waypoint: podWaypoint })],
  });
  return made;
}

function ask(address: string, port: number, mesh: ReturnType<typeof view>) {
  return dialledTarget(
    { authority: { kind: 'address', address: ip(address), port }, peer: PEER },
    mesh,
    SELF,
  );
}

test('a service that names this waypoint is taken, by its address and by its name', async (t) => {
  const mesh = view([makeService({ name: 'cart', addresses: [vip('10.96.0.1')], waypoint: OWN })]);
  t.match(ask('10.96.0.1', 80, mesh), { kind: 'service', service: { name: 'cart' }, port: 80 });
  const authority = { kind: 'hostname', hostname: 'cart.shop.svc.cluster.local', port: 80 } as const;
  t.match(dialledTarget({ authority, peer: PEER }, mesh, SELF), { kind: 'service', address: '10.96.0.1' });
});

test('a share of a canary is enough', async (t) => {
  const mesh = view([
    makeService({
      name: 'cart',
      addresses: [vip('10.96.0.1')],
      waypoint: OTHER,
      weightedWaypoints: [
        { destination: OTHER, weight: 90 },
        { destination: OWN, weight: 10 },
      ],
    }),
  ]);
  t.match(ask('10.96.0.1', 80, mesh), { kind: 'service' });
});

test('what names another waypoint, or none, is refused: its policies are not known here', async (t) => {
  for (const waypoint of [OTHER, undefined]) {
    const mesh = view([makeService({ name: 'cart', addresses: [vip('10.96.0.1')], waypoint })]);
    t.throws(() => ask('10.96.0.1', 80, mesh), { code: 'ERR_WAYPOINT_NOT_BOUND', retryable: true });
  }
  t.throws(() => ask('10.0.0.9', 80, view([])), { code: 'ERR_WAYPOINT_NOT_BOUND' });
  t.match(ask('10.0.0.9', 8080, view([], OWN)), { kind: 'workload', workload: { name: 'pod' } });
});

test('a service that is bound, but of which not everything is known yet, is refused', async (t) => {
  const mesh = view([makeService({ name: 'cart', addresses: [vip('10.96.0.1')], waypoint: OWN })]);
  const authority = { kind: 'address', address: ip('10.96.0.1'), port: 80 } as const;
  t.throws(() => dialledTarget({ authority, peer: PEER }, mesh, { ...SELF, isTold: () => false }), {
    code: 'ERR_WAYPOINT_NOT_BOUND',
  });
});

test('an unknown address, name or port is refused, and so is a port of the mesh', async (t) => {
  const mesh = view([makeService({ name: 'cart', addresses: [vip('10.96.0.1')], waypoint: OWN })], OWN);
  t.throws(() => ask('192.0.2.1', 80, mesh), { code: 'ERR_WAYPOINT_UNKNOWN_DESTINATION' });
  t.throws(() => ask('10.96.0.1', 81, mesh), {
    code: 'ERR_WAYPOINT_UNKNOWN_DESTINATION',
    message: /no port 81/,
  });
  t.throws(() => ask('10.0.0.9', 15008, mesh), { code: 'ERR_WAYPOINT_UNKNOWN_DESTINATION' });
  const authority = { kind: 'hostname', hostname: 'nobody.example', port: 80 } as const;
  t.throws(() => dialledTarget({ authority, peer: PEER }, mesh, SELF), {
    code: 'ERR_WAYPOINT_UNKNOWN_DESTINATION',
  });
});

test('a pod is taken only once the waypoint has been told what holds for all of them', async (t) => {
  const mesh = view([], OWN);
  const request = { authority: { kind: 'address', address: ip('10.0.0.9'), port: 80 }, peer: PEER } as const;
  t.throws(() => dialledTarget(request, mesh, { ...SELF, isTold: (service) => service !== undefined }), {
    code: 'ERR_WAYPOINT_NOT_BOUND',
  });
});
