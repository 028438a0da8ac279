import { test } from 'tap';
import { serviceKey } from '../../../src/model/index.ts';
import { meshOf, serviceObject } from '../support/mesh-of.ts';

const waypoint = (namespace: string, name: string, addresses: readonly object[] = []) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { namespace, name },
  spec: {
    gatewayClassName: 'istio-waypoint',
    listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
    ...(addresses.length === 0 ? {} : { addresses }),
  },
});

const vault = {
  ...serviceObject('bank', 'vault'),
  metadata: { namespace: 'bank', name: 'vault', labels: { 'istio.io/use-waypoint': 'guard' } },
};
const AT_VAULT = [{ type: 'IPAddress', value: '10.96.0.1' }];
const VAULT = serviceKey('bank', 'vault.bank.svc.domain.suffix');

test('a Gateway that says the address of a service of another namespace does not lead it away from its waypoint', async (t) => {
  const { collections, apply } = meshOf([vault, waypoint('bank', 'guard')]);
  const before = collections.services.get(VAULT)?.service.waypoint;
  t.match(before, { hostname: 'guard.bank.svc.domain.suffix' });
  apply(waypoint('tenant', 'thief', AT_VAULT));
  t.same(collections.services.get(VAULT)?.service.waypoint, before);
  t.equal(collections.services.get(VAULT)?.leadsTo, undefined);
});

test('a Gateway that says the address of another’s waypoint is told nothing of what goes through that', async (t) => {
  const { collections } = meshOf([
    { ...serviceObject('bank', 'guard'), spec: { clusterIP: '10.96.0.9', ports: [{ port: 15008 }] } },
    vault,
    waypoint('bank', 'guard', [{ type: 'IPAddress', value: '10.96.0.9' }]),
    waypoint('tenant', 'thief', [{ type: 'IPAddress', value: '10.96.0.9' }]),
  ]);
  const told = collections.waypointResources.flatMap((resources) =>
    [...resources.values()].flatMap(({ gateways }) => [...gateways]),
  );
  t.ok(told.some((gateway) => gateway === 'bank/guard'));
  t.notOk(told.some((gateway) => gateway === 'tenant/thief'));
});
