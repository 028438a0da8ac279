import { test } from 'tap';
import { createObjectSource } from '../../src/cli/analyze/object-source.ts';
import type { KubeObject } from '../../src/lab/index.ts';
import { analyze } from '../../src/controller/index.ts';
import { SETTINGS } from '../controller/analysis/support.ts';

const OBJECTS: Readonly<Record<string, readonly object[]>> = {
  Namespace: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }],
  Service: [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'cart', namespace: 'shop', labels: { 'istio.io/use-waypoint': 'gone' } },
      spec: { clusterIP: '10.96.0.9', ports: [{ name: 'http', port: 80 }] },
    },
  ],
};

test('a lab is looked at as a whole, so that a waypoint that is not there is missed', async (t) => {
  const source = createObjectSource({
    kinds: async () => Object.keys(OBJECTS),
    objects: async (kind) => (OBJECTS[kind] ?? []) as readonly KubeObject[],
  });
  const { objects } = await source.read();
  const found = analyze(objects, { settings: { ...SETTINGS, complete: source.complete } });
  t.match(
    found.map(({ definition, text }) => `${definition.code} ${text}`),
    [/NM0030 waypoint "shop\/gone" does not exist: connections are refused/],
  );
});
