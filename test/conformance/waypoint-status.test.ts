import { test } from 'tap';
import { createMeshCollections } from '../../src/controller/collections/index.ts';
import { waypointStatus } from '../../src/controller/translate/index.ts';
import { CONFORMANCE_SETTINGS, objectOf, readDocuments } from '../controller/support/settings.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';

type Json = Readonly<Record<string, unknown>>;

interface Condition {
  readonly type: string;
  readonly lastTransitionTime?: string;
}

function plain(conditions: readonly Condition[]): readonly object[] {
  return conditions
    .map(({ lastTransitionTime: _, ...condition }) => condition)
    .sort((a, b) => (a.type < b.type ? -1 : 1));
}

test('Gateways get the status that Istio gives them', needsConformanceData(), async (t) => {
  const folder = (file: string) => conformancePath('istio', 'gateway-api-conversion', file);
  const golden = new Map(
    readDocuments(folder('waypoint.status.yaml.golden')).map((document) => {
      const { metadata, status } = document as { metadata: { name: string }; status: Json };
      return [metadata.name, status];
    }),
  );
  const gateways = readDocuments(folder('waypoint.yaml')).map((value) => objectOf('Gateway', value));
  const collections = createMeshCollections(CONFORMANCE_SETTINGS);
  collections.apply(gateways.map((object) => ({ type: 'upsert', object, faults: [] })));
  for (const gateway of gateways) {
    const { namespace, name } = gateway.meta;
    const status = waypointStatus({
      gateway,
      waypoint: collections.waypoints.get(`${namespace}/${name}`),
      fault: undefined,
      hasService: false,
      pods: 0,
      ready: 0,
    });
    const expected = golden.get(name) as {
      conditions: readonly Condition[];
      listeners: readonly (Json & { conditions: readonly Condition[] })[];
    };
    t.same(plain(status.conditions), plain(expected.conditions), name);
    t.same(
      status.listeners.map((listener) => ({ ...listener, conditions: plain(listener.conditions) })),
      expected.listeners.map((listener) => ({ ...listener, conditions: plain(listener.conditions) })),
      `${name}: listeners`,
    );
  }
  t.equal(golden.size, gateways.length);
});
