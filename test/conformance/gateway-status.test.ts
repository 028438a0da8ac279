import { test } from 'tap';
import type { RouteCondition } from '../../src/controller/translate/index.ts';
import { routeKey } from '../../src/model/index.ts';
import { meshOf } from '../controller/support/mesh-of.ts';
import { readDocuments } from '../controller/support/settings.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';
import { isRoute, type Json, movedTo, type RouteDocument, servicesFor } from './support/route-objects.ts';

// Statuses that Istio writes. Its name of the controller is its own; everything else of them is compared. Routes of an
// ingress Gateway are moved onto a Service, as a waypoint has them: what they say must be judged the same way.

const FILES = ['mesh', 'http', 'grpc', 'weighted', 'zero', 'reference-policy-service'];

/** Routes whose status is about something that a mesh does not have. */
const OUT_OF_SCOPE: ReadonlyMap<string, string> = new Map([
  ['http-not-selected', 'a listener of a waypoint has no hostname'],
  ['multiple-inferencepool-backend-refs', 'InferencePools are no backends of ours'],
  ['multi-route-infpool-1', 'InferencePools are no backends of ours'],
  ['multi-route-infpool-2', 'InferencePools are no backends of ours'],
]);

interface Parent {
  readonly parentRef: Json;
  readonly conditions: readonly RouteCondition[];
}

function parentsOf(route: Json): readonly Parent[] {
  return ((route.status as Json | undefined)?.parents ?? []) as readonly Parent[];
}

function essence(conditions: readonly RouteCondition[]): readonly string[] {
  return conditions
    .map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`)
    .sort();
}

function keyOf({ kind, metadata: { namespace, name } }: RouteDocument): string {
  return routeKey(kind as Parameters<typeof routeKey>[0], namespace, name);
}

for (const file of FILES) {
  test(`statuses of ${file}.yaml are as Istio writes them`, needsConformanceData(), async (t) => {
    const folder = conformancePath('istio/gateway-api-conversion');
    const documents = readDocuments(`${folder}/${file}.yaml`);
    const golden = new Map(
      readDocuments(`${folder}/${file}.status.yaml.golden`)
        .filter(isRoute)
        .map((route) => [keyOf(route), route]),
    );
    const services = servicesFor(documents);
    const inMesh = meshOf([...documents, ...services]);
    for (const route of documents.filter(isRoute)) {
      const { kind, metadata } = route;
      const reason = OUT_OF_SCOPE.get(metadata.name);
      if (reason !== undefined) {
        t.comment(`${kind} ${metadata.name} is left out: ${reason}`);
        continue;
      }
      const expected = parentsOf(golden.get(keyOf(route)) ?? {});
      t.ok(expected.length > 0, `${kind} ${metadata.name} has a status`);
      const own = expected.filter(({ parentRef }) => parentRef.kind === 'Service');
      const written = inMesh.collections.routeStatuses.get(keyOf(route));
      t.same(
        (written?.parents ?? [])
          .map(({ parentRef, conditions }) => [parentRef, essence(conditions)])
          .sort(byText),
        own.map(({ parentRef, conditions }) => [parentRef, essence(conditions)]).sort(byText),
        `${kind} ${metadata.name}, its Services`,
      );
      const gateway = expected.find(({ parentRef }) => parentRef.kind !== 'Service');
      if (gateway === undefined) continue;
      const moved = movedTo('moved-parent', route);
      const mesh = meshOf([
        ...documents.filter((value) => !isRoute(value)),
        ...services,
        ...servicesFor([moved]),
        moved,
      ]);
      const [parent] = mesh.collections.routeStatuses.get(keyOf(route))?.parents ?? [];
      t.same(
        essence(parent?.conditions ?? []),
        essence(gateway.conditions),
        `${kind} ${metadata.name}, moved`,
      );
    }
  });
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
