import { test } from 'tap';
import { meshServices } from '../../../src/controller/observation/facts/mesh-services.ts';
import { meshOf, serviceObject } from '../support/mesh-of.ts';

test('where a service publishes addresses that are not ready, none of its endpoints counts as missing', async (t) => {
  const starting = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'shop', name: 'store-0', uid: 'uid-store-0', labels: { app: 'store' } },
    spec: { nodeName: 'node-1' },
    status: { phase: 'Running', podIP: '10.0.0.1', conditions: [{ type: 'Ready', status: 'False' }] },
  };
  const service = (name: string, more: object) => {
    const object = serviceObject('shop', name) as { readonly spec: object };
    return { ...object, spec: { ...object.spec, selector: { app: 'store' }, ...more } };
  };
  const { collections } = meshOf([
    starting,
    service('store', {}),
    service('store-peers', { publishNotReadyAddresses: true }),
  ]);
  t.match(
    meshServices(collections).map(({ name, endpoints }) => ({ name, endpoints })),
    [
      { name: 'store', endpoints: { healthy: 0, total: 1 } },
      { name: 'store-peers', endpoints: { healthy: 1, total: 1 } },
    ],
  );
});
