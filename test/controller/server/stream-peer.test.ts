import { test } from 'tap';
import { createMeshCollections } from '../../../src/controller/collections/index.ts';
import type { MeshObject } from '../../../src/controller/objects/index.ts';
import { streamPeerOf } from '../../../src/controller/server/stream-peer.ts';
import type { Caller } from '../../../src/controller/tokens/index.ts';
import { CONFORMANCE_SETTINGS, objectOf } from '../support/settings.ts';

const gateway = objectOf('Gateway', {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'waypoint', namespace: 'shop' },
  spec: {
    gatewayClassName: 'nodemesh-waypoint',
    listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
  },
});

function pod(name: string, serviceAccountName: string, labels: Readonly<Record<string, string>>): MeshObject {
  const metadata = { name, namespace: 'shop', uid: `uid-${name}`, labels };
  return objectOf('Pod', { apiVersion: 'v1', kind: 'Pod', metadata, spec: { serviceAccountName } });
}

const OF_WAYPOINT = { 'gateway.networking.k8s.io/gateway-name': 'waypoint' };
const objects = [
  pod('waypoint-1', 'waypoint', OF_WAYPOINT),
  pod('impostor', 'cart', OF_WAYPOINT),
  pod('cart-1', 'cart', {}),
];

function audienceOf(over: Partial<Caller>, present: readonly MeshObject[] = [gateway, ...objects]) {
  const collections = createMeshCollections(CONFORMANCE_SETTINGS);
  collections.apply(present.map((object) => ({ type: 'upsert', object, faults: [] })));
  const podName = over.pod ?? 'waypoint-1';
  const caller = {
    namespace: 'shop',
    serviceAccount: 'waypoint',
    pod: podName,
    podUid: `uid-${podName}`,
    node: 'node-1',
    ...over,
  };
  return streamPeerOf(caller, { collections, trustedNodeAccounts: new Set(['mesh/ztunnel']) }).audience;
}

test('a waypoint’s pod sees what is for its Gateway, a node proxy what is for its node', async (t) => {
  t.equal(audienceOf({}), 'waypoint:shop/waypoint');
  t.equal(audienceOf({ namespace: 'mesh', serviceAccount: 'ztunnel', pod: 'z' }), 'node-1');
  t.equal(audienceOf({ serviceAccount: 'cart', pod: 'cart-1' }), undefined);
  t.equal(audienceOf({ pod: '', podUid: '' }), undefined);
});

test('whoever cannot be told for the waypoint that it says it is gets nothing, rather than half of it', async (t) => {
  const refused = { code: 'ERR_CONTROLLER_PROXY_UNKNOWN', retryable: true };
  t.throws(() => audienceOf({ serviceAccount: 'cart', pod: 'impostor' }), refused, 'the label alone');
  t.throws(() => audienceOf({ podUid: 'uid-of-a-former-pod' }), refused, 'a former pod’s token');
  t.throws(() => audienceOf({ serviceAccount: 'cart' }), refused, 'another account');
  t.throws(() => audienceOf({}, objects), refused, 'no Gateway');
  t.throws(() => audienceOf({ pod: 'waypoint-2' }), refused, 'a pod that is not known yet');
});
