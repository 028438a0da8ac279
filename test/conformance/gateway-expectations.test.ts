import { globSync, readFileSync } from 'node:fs';
import { test } from 'tap';
import type { RouteStatus } from '../../src/controller/translate/index.ts';
import { meshOf, type TestMesh } from '../controller/support/mesh-of.ts';
import { readDocuments } from '../controller/support/settings.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';
import { isRoute, type Json, movedTo, type RouteDocument } from './support/route-objects.ts';

// What the Gateway API's conformance suite asserts of routes' statuses. Its Gateway tests are moved onto a Service.

interface Expectation {
  readonly test: string;
  readonly manifests: readonly string[];
  readonly statusAssertions?: readonly Assertion[];
}

interface Assertion {
  readonly assert: string;
  readonly args: readonly Json[];
}

/** What is asserted of something that a mesh does not have, or that another test looks at. */
const OUT_OF_SCOPE: ReadonlyMap<string, string> = new Map([
  [
    'HTTPRouteInvalidCrossNamespaceParentRef',
    'a Service takes routes of all namespaces, for their own clients',
  ],
  ['GatewayWithAttachedRoutes', 'hostnames and counts of listeners'],
  ['TLSRouteSimpleSameNamespace', 'waits for a certificate of the suite'],
]);

/** Where the sectionName is the point, it stays. */
const WITH_SECTION = 'HTTPRouteInvalidParentRefNotMatchingSectionName';
const PARENT = 'moved-parent';
const folder = conformancePath('gateway-api');

function expectations(profile: 'gateway' | 'mesh'): readonly Expectation[] {
  return globSync(`expectations/${profile}/*.json`, { cwd: folder })
    .sort()
    .map((file) => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as Expectation);
}

/** As a cluster would hold them: Services have addresses, objects generations. */
function admitted(file: string): readonly unknown[] {
  return readDocuments(`${folder}/${file}`).map((value) => {
    const { kind, metadata, spec } = value as { kind: string; metadata: Json; spec?: Json };
    const address = kind === 'Service' && spec?.clusterIP === undefined ? { clusterIP: '10.96.0.1' } : {};
    return { ...(value as Json), metadata: { ...metadata, generation: 7 }, spec: { ...spec, ...address } };
  });
}

function statusOf(mesh: TestMesh, name: Json): RouteStatus | undefined {
  const kinds = ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute'];
  return kinds
    .map((kind) => mesh.collections.routeStatuses.get(`${kind}/${name.Namespace}/${name.Name}`))
    .find((status) => status !== undefined);
}

function conditionOf(status: RouteStatus | undefined, type: unknown): string {
  const found = status?.parents[0]?.conditions.find((condition) => condition.type === type);
  return found === undefined ? 'none' : `${found.status} ${found.reason}`;
}

function moved(route: RouteDocument, keepSection: boolean): readonly unknown[] {
  const { sectionName } = route.spec.parentRefs[0] ?? {};
  const there = movedTo(PARENT, route);
  const parentRefs = there.spec.parentRefs.map((parent) =>
    keepSection ? { ...parent, sectionName } : parent,
  );
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: PARENT, namespace: route.metadata.namespace },
    spec: {
      clusterIP: '10.96.0.9',
      ports: [
        { name: 'http', port: 80 },
        { name: 'tcp', port: 90 },
      ],
    },
  };
  return [service, { ...there, spec: { ...there.spec, parentRefs } }];
}

test(
  'statuses are what the suite asserts of routes on a Gateway, on a Service',
  needsConformanceData(),
  async (t) => {
    let asserted = 0;
    for (const { test: name, manifests, statusAssertions = [] } of expectations('gateway')) {
      const reason = OUT_OF_SCOPE.get(name);
      if (reason !== undefined) {
        t.comment(`${name} is left out: ${reason}`);
        continue;
      }
      const documents = manifests.flatMap((file) => admitted(`tests/${file}`));
      if (!documents.some(isRoute)) continue;
      const mesh = meshOf([
        ...admitted('base/manifests.yaml'),
        ...documents.flatMap((value) => (isRoute(value) ? moved(value, name === WITH_SECTION) : [value])),
      ]);
      for (const { assert, args } of statusAssertions) {
        const [first = {}, ...rest] = args;
        switch (assert) {
          case 'GatewayAndHTTPRoutesMustBeAccepted':
          case 'GatewayAndRoutesMustBeAccepted':
            for (const route of rest.filter(({ Name }) => Name !== undefined)) {
              asserted += 1;
              t.equal(
                conditionOf(statusOf(mesh, route), 'Accepted'),
                'True Accepted',
                `${name}: ${String(route.Name)}`,
              );
            }
            break;
          case 'HTTPRouteMustHaveResolvedRefsConditionsTrue':
            asserted += 1;
            t.equal(
              conditionOf(statusOf(mesh, first), 'ResolvedRefs'),
              'True ResolvedRefs',
              `${name}: ${String(first.Name)}`,
            );
            break;
          case 'HTTPRouteMustHaveCondition': {
            const { Type, Status, Reason } = rest[1] ?? {};
            asserted += 1;
            t.ok(
              conditionOf(statusOf(mesh, first), Type).startsWith(`${String(Status)} ${String(Reason)}`),
              `${name}: ${String(Type)} ${String(Reason)}`,
            );
            break;
          }
          case 'HTTPRouteMustHaveNoAcceptedParents':
            asserted += 1;
            t.ok(conditionOf(statusOf(mesh, first), 'Accepted').startsWith('False'), `${name}: not accepted`);
            break;
          case 'HTTPRouteMustHaveLatestConditions':
            asserted += 1;
            t.equal(statusOf(mesh, first)?.generation, 7, `${name}: the generation`);
            break;
          default:
            // Of Gateways and their classes, addresses, namespaces.
            break;
        }
      }
    }
    t.ok(asserted > 50, `${asserted} assertions`);
  },
);

test(
  'every route of the mesh tests is accepted, its references resolved',
  needsConformanceData(),
  async (t) => {
    let routes = 0;
    for (const { test: name, manifests } of expectations('mesh')) {
      const documents = manifests.flatMap((file) => admitted(`tests/${file}`));
      const mesh = meshOf([...admitted('mesh/manifests.yaml'), ...documents]);
      for (const { metadata } of documents.filter(isRoute)) {
        const status = statusOf(mesh, { Name: metadata.name, Namespace: metadata.namespace });
        routes += 1;
        t.equal(conditionOf(status, 'Accepted'), 'True Accepted', `${name}: ${metadata.name}`);
        t.equal(conditionOf(status, 'ResolvedRefs'), 'True ResolvedRefs', `${name}: ${metadata.name}`);
      }
    }
    t.ok(routes > 10, `${routes} routes`);
  },
);
