import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { test } from 'tap';
import { createMeshCollections, type MeshCollections } from '../../src/controller/collections/index.ts';
import { inspectObject, objectKey, objectKindOf } from '../../src/controller/objects/index.ts';
import type { ObjectEvent } from '../../src/controller/sources/index.ts';
import { waypointResourceCodec } from '../../src/wire/index.ts';
import { serviceObject } from '../controller/support/mesh-of.ts';
import { CONFORMANCE_SETTINGS } from '../controller/support/settings.ts';

const GATEWAY_API = 'gateway.networking.k8s.io/v1';
const namespace = fc.constantFrom('shop', 'bank');
const metaOf = (...names: readonly string[]) =>
  fc.record({
    name: fc.constantFrom(...names),
    namespace,
    creationTimestamp: fc.constantFrom('2030-01-01T00:00:00Z', '2030-01-02T00:00:00Z'),
  });
const service = fc.constantFrom('cart', 'pay');
const parentRef = fc.oneof(
  fc.record(
    {
      group: fc.constant(''),
      kind: fc.constant('Service'),
      name: service,
      namespace,
      port: fc.constantFrom(80, 81),
      sectionName: fc.constantFrom('http', 'grpc'),
    },
    { requiredKeys: ['group', 'kind', 'name'] },
  ),
  fc.record({ name: fc.constantFrom('waypoint', 'ingress') }),
);
const backendRef = fc.record(
  {
    name: service,
    namespace,
    port: fc.constantFrom(80, 81),
    weight: fc.constantFrom(0, 1),
    kind: fc.constantFrom('Service', 'Other'),
  },
  { requiredKeys: ['name', 'port'] },
);
const filters = fc.array(
  fc.oneof(
    fc.constantFrom('RateLimit', 'Filter', 'Other').map((kind) => ({
      type: 'ExtensionRef',
      extensionRef: { group: 'nodemesh.io', kind, name: 'x' },
    })),
    backendRef.map((reference) => ({ type: 'RequestMirror', requestMirror: { backendRef: reference } })),
  ),
  { maxLength: 2 },
);
const matches = fc
  .constantFrom(undefined, 'a+', '(')
  .map((value) =>
    value === undefined ? [] : [{ headers: [{ type: 'RegularExpression', name: 'x', value }] }],
  );
const parentRefs = fc.array(parentRef, { maxLength: 3 });
const requests = fc.record({
  kind: fc.constantFrom('HTTPRoute', 'GRPCRoute'),
  metadata: metaOf('r1', 'r2', 'r3'),
  spec: fc.record({
    parentRefs,
    rules: fc.array(fc.record({ matches, filters, backendRefs: fc.array(backendRef, { maxLength: 2 }) }), {
      minLength: 1,
      maxLength: 2,
    }),
  }),
});
const streams = fc.record({
  kind: fc.constantFrom('TCPRoute', 'TLSRoute'),
  metadata: metaOf('r1', 'r2'),
  spec: fc.record({
    parentRefs,
    hostnames: fc.constant(['a.b']),
    rules: fc.tuple(fc.record({ backendRefs: fc.array(backendRef, { minLength: 1, maxLength: 2 }) })),
  }),
});
const value = fc.oneof(
  { weight: 4, arbitrary: requests.map((route) => ({ apiVersion: GATEWAY_API, ...route })) },
  { weight: 2, arbitrary: streams.map((route) => ({ apiVersion: GATEWAY_API, ...route })) },
  fc
    .record({
      metadata: metaOf('cart', 'pay'),
      form: fc.constantFrom({ clusterIP: '10.0.0.1' }, { clusterIP: 'None' }, { type: 'ExternalName' }),
      ports: fc.constantFrom(
        [{ name: 'http', port: 80 }],
        [
          { name: 'http', port: 80 },
          { name: 'grpc', port: 81 },
        ],
        [{ name: 'dns', port: 81, protocol: 'UDP' }],
      ),
    })
    .map(({ metadata, form, ports }) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { ...form, ports },
    })),
  fc
    .record({
      metadata: metaOf('g1', 'g2'),
      kind: fc.constantFrom('HTTPRoute', 'GRPCRoute', 'TCPRoute'),
      from: namespace,
      name: fc.constantFrom({}, { name: 'cart' }),
    })
    .map(({ metadata, kind, from, name }) => ({
      apiVersion: GATEWAY_API,
      kind: 'ReferenceGrant',
      metadata,
      spec: {
        from: [{ group: 'gateway.networking.k8s.io', kind, namespace: from }],
        to: [{ group: '', kind: 'Service', ...name }],
      },
    })),
  fc
    .record({
      metadata: metaOf('waypoint', 'ingress'),
      gatewayClassName: fc.constantFrom('istio-waypoint', 'nginx'),
    })
    .map(({ metadata, gatewayClassName }) => ({
      apiVersion: GATEWAY_API,
      kind: 'Gateway',
      metadata,
      spec: { gatewayClassName, listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }] },
    })),
  metaOf('x').map((metadata) => ({
    apiVersion: 'nodemesh.io/v1alpha1',
    kind: 'RateLimit',
    metadata,
    spec: { rules: [{ limits: [{ requests: 1 }] }] },
  })),
);
const step = fc.record({
  value,
  remove: fc.integer({ min: 0, max: 5 }).map((die) => die === 0),
  commit: fc.boolean(),
});
const services = ['shop', 'bank'].flatMap((place) =>
  ['cart', 'pay'].map((name) => ({
    value: serviceObject(place, name, [{ name: 'http', port: 80 }, 81]),
    remove: false,
    commit: true,
  })),
);

test('after any history routes and their statuses are as if built from what is there, and can be told', async (t) => {
  let routes = 0;
  let refusals = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40, size: '+1' }), (steps) => {
      const followed = createMeshCollections(CONFORMANCE_SETTINGS);
      const state = new Map<string, ObjectEvent>();
      let batch: ObjectEvent[] = [];
      for (const { value: object, remove, commit } of [...services, ...steps]) {
        const event = eventOf(object, remove);
        // A reference list of equal references is no object.
        if (event === undefined) continue;
        const id = event.type === 'delete' ? `${event.kind} ${event.key}` : idOf(event);
        if (event.type === 'delete') state.delete(id);
        else state.set(id, event);
        batch.push(event);
        if (!commit) continue;
        followed.apply(batch);
        batch = [];
      }
      followed.apply(batch);
      const rebuilt = createMeshCollections(CONFORMANCE_SETTINGS);
      rebuilt.apply([...state.values()].reverse());
      const text = snapshot(followed);
      if (text !== snapshot(rebuilt)) throw new Error(`${text}\nis not\n${snapshot(rebuilt)}`);
      for (const route of followed.routes.values()) {
        const resource = { kind: 'route', route } as const;
        const arrived = waypointResourceCodec.decode(waypointResourceCodec.encode(resource));
        if (!isDeepStrictEqual(arrived, resource)) throw new Error(JSON.stringify([arrived, resource]));
        routes += 1;
      }
      for (const { parents } of followed.routeStatuses.values())
        refusals += parents.filter(({ conditions: [accepted] }) => accepted?.status === 'False').length;
    }),
    { numRuns: 1_000 },
  );
  t.ok(routes > 500 && refusals > 500, `${routes} routes, ${refusals} refusals`);
});

function eventOf(object: unknown, remove: boolean): ObjectEvent | undefined {
  const kind = objectKindOf(object);
  if (kind === undefined) throw new Error('not an object');
  const { object: parsed, issues } = inspectObject(kind, object);
  if (issues.length > 0) return undefined;
  if (remove) return { type: 'delete', kind, key: objectKey(parsed.meta) };
  return { type: 'upsert', object: parsed, faults: [] };
}

function idOf({ object }: Extract<ObjectEvent, { type: 'upsert' }>): string {
  return `${object.kind} ${objectKey(object.meta)}`;
}

function snapshot({ routes, routeStatuses }: MeshCollections): string {
  return JSON.stringify(
    [routes, routeStatuses].map((collection) =>
      [...(collection.values() as Iterable<unknown>)].map((one) => JSON.stringify(one)).sort(),
    ),
  );
}
