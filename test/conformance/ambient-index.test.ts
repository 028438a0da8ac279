import { readFileSync } from 'node:fs';
import { type Test, test } from 'tap';
import { describeError } from '../../src/base/index.ts';
import { createMeshCollections } from '../../src/controller/collections/index.ts';
import {
  type GatewayClassObject,
  type GatewayObject,
  inspectObject,
  type MeshObject,
  objectKey,
  selects,
} from '../../src/controller/objects/index.ts';
import {
  allowedNamespaces,
  inboundBinding,
  ingressUsesWaypoint,
  podUid,
  type ServiceInfo,
  slicePods,
  sliceServiceKey,
  translateAuthorizationPolicy,
  translateEndpointSlice,
  translatePod,
  translateService,
} from '../../src/controller/translate/index.ts';
import {
  type GatewayAddress,
  owningWaypoints,
  type PortMapping,
  type Service,
  serviceKey,
  type Workload,
} from '../../src/model/index.ts';
import {
  goldenService,
  goldenWorkload,
  serviceRecord,
  workloadRecord,
} from '../controller/support/address-record.ts';
import { readDerived } from '../controller/support/derived-table.ts';
import { CONFORMANCE_SETTINGS, objectOf } from '../controller/support/settings.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';

const SECURITY = { apiVersion: 'security.istio.io/v1' };

type Json = Readonly<Record<string, unknown>>;
type Cases = Readonly<Record<string, readonly Json[]>>;

/** Tables of other features, with what they wait for. */
const OUT_OF_SCOPE: ReadonlyMap<string, string> = new Map([
  ['TestServiceEntryServices', 'ServiceEntry is not read yet'],
  ['TestServiceEntryWorkloads', 'ServiceEntry is not read yet'],
  ['TestWorkloadEntryWorkloads', 'WorkloadEntry is not read yet'],
]);

/** Types of inputs that this test can make objects of. */
const READABLE: ReadonlySet<string> = new Set([
  'model.ServiceInfo',
  'model.WorkloadAuthorization',
  'securityclient.PeerAuthentication',
  'discovery.EndpointSlice',
  'v1.Node',
  'v1.Namespace',
]);

const files = ['workloads.json', 'services.json', 'authorization.json', 'waypoints.json'];

test('objects become the address records that Istio makes of them', needsConformanceData(), async (t) => {
  let held = 0;
  for (const file of files) {
    const tables = readDerived(
      JSON.parse(readFileSync(conformancePath('istio', 'ambient-index', file), 'utf8')),
    ) as Cases;
    for (const [table, cases] of Object.entries(tables)) {
      const reason = OUT_OF_SCOPE.get(table);
      if (reason !== undefined) {
        t.comment(`not in scope: ${table}, ${cases.length} cases: ${reason}`);
        continue;
      }
      for (const row of cases) {
        const title = `${table}: ${String(row.name)}`;
        const skipped = outOfScope(row);
        if (skipped !== undefined) {
          t.comment(`not in scope: ${title}: ${skipped}`);
          continue;
        }
        try {
          check(t, { table, row, title });
        } catch (error) {
          t.fail(`${title}: ${describeError(error)}`);
        }
        held += 1;
      }
    }
  }
  t.comment(`${held} cases hold`);
});

function check(t: Test, { table, row, title }: { table: string; row: Json; title: string }): void {
  switch (table) {
    case 'TestPodWorkloads':
      t.same(workloadRecord(podOf(row)), goldenWorkload(row.result), title);
      return;
    case 'TestEndpointSliceWorkloads':
      t.same(
        sliceWorkloads(row).map(workloadRecord),
        ((row.result ?? []) as readonly unknown[]).map(goldenWorkload),
        title,
      );
      return;
    case 'TestServiceServices': {
      const svc = objectOf('Service', { apiVersion: 'v1', kind: 'Service', ...(row.svc as Json) });
      const info = translateService(svc, undefined, CONFORMANCE_SETTINGS);
      t.same(serviceRecord(info?.service), goldenService(row.result), title);
      return;
    }
    case 'TestIngressUseWaypointFromLabels': {
      const used = ingressUsesWaypoint(labelsOf(row.serviceLabels), labelsOf(row.namespaceLabels));
      t.equal(used, row.wantUseWaypoint, title);
      return;
    }
    case 'TestMakeAllowedRoutes': {
      const gateway = gatewayOf(row.gateway as Json);
      const { gatewayClass } = row as { gatewayClass?: Json };
      const { fromNamespaces, selector } = row.expected as { fromNamespaces: string; selector?: unknown };
      const allowed = allowedNamespaces(
        gateway.listeners,
        inboundBinding(gateway, gatewayClass && gatewayClassOf(gatewayClass)),
      );
      t.equal(allowed.from, fromNamespaces, title);
      if (allowed.from !== 'Selector') return;
      t.same(Object.fromEntries(allowed.query?.matchLabels ?? []), selectorOf(selector), title);
      return;
    }
    case 'TestServiceOwningWaypoints': {
      const { waypoint, weightedWaypoints = [] } = (row.svc ?? {}) as {
        waypoint?: Json;
        weightedWaypoints?: readonly { destination: Json; weight: number }[];
      };
      const owning = owningWaypoints({
        waypoint: waypoint && addressOf(waypoint),
        weightedWaypoints: weightedWaypoints.map(({ destination, weight }) => ({
          destination: addressOf(destination),
          weight,
        })),
        waypointFailure: 'refuse',
      });
      t.same(owning, ((row.want ?? []) as readonly Json[]).map(addressOf), title);
      return;
    }
    case 'TestConvertAuthorizationPolicyStatus': {
      const { spec } = row.inputAuthzPol as Json;
      const policy = objectOf('AuthorizationPolicy', {
        apiVersion: 'security.istio.io/v1',
        kind: 'AuthorizationPolicy',
        metadata: { name: 'policy' },
        spec,
      });
      const { warning } = translateAuthorizationPolicy(policy, CONFORMANCE_SETTINGS);
      const expected = row.expectStatusMessage as { reason: string; message: string } | null;
      // A value that the CRD lets through and Istio silently ignores (a port called "http") is told to its author here.
      if (expected === null) return void t.not(warning?.reason, 'UnsupportedValue', title);
      t.equal(warning?.reason, expected.reason, title);
      // The wording is ours; what it names must be the same.
      const named = /found: ([^)]*)\)/.exec(expected.message)?.[1]?.split(', ') ?? [expected.message];
      for (const name of named) t.match(warning?.message, name, `${title}: names ${name}`);
      return;
    }
    default:
      t.comment(`not in scope: ${title}: no reader for this table`);
  }
}

function outOfScope(row: Json): string | undefined {
  for (const input of (row.inputs ?? []) as readonly Json[]) {
    const type = String(input.$type).replace(/^[*&]/, '');
    if (JSON.stringify(input).includes('ServiceEntry')) return 'ServiceEntry is not read yet';
    if (!READABLE.has(type)) return `inputs of type ${type} are not read`;
  }
  return undefined;
}

function podOf(row: Json): Workload | undefined {
  const pod = objectOf('Pod', { apiVersion: 'v1', kind: 'Pod', ...(row.pod as Json) });
  const inputs = (row.inputs ?? []) as readonly Json[];
  const objects = inputs.flatMap(objectsOf);
  const slices = objects.flatMap((object) => (object.kind === 'EndpointSlice' ? [object] : []));
  const listed = new Set(
    slices
      .filter((slice) => slicePods(slice).includes(objectKey(pod.meta)))
      .map((slice) => sliceServiceKey(slice, CONFORMANCE_SETTINGS)),
  );
  const services = inputs
    .filter((input) => input.$type === 'model.ServiceInfo')
    .map(serviceInfoOf)
    .filter(({ key, selector }) =>
      selector === undefined ? listed.has(key) : selects(selector, pod.meta.labels),
    );
  // Policies and nodes are found by the collections themselves.
  const collections = createMeshCollections(CONFORMANCE_SETTINGS);
  collections.apply([...objects, pod].map((object) => ({ type: 'upsert', object, faults: [] })));
  const found = collections.podWorkloads.get(podUid(pod.meta, CONFORMANCE_SETTINGS.clusterId));
  const alone = translatePod(
    pod,
    { services, policies: found?.authorizationPolicies ?? [], node: undefined },
    CONFORMANCE_SETTINGS,
  );
  return alone && found && { ...alone, locality: found.locality };
}

function sliceWorkloads(row: Json): readonly Workload[] {
  const slice = objectOf('EndpointSlice', {
    addressType: 'IPv4',
    ...(row.slice as Json),
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
  });
  const key = sliceServiceKey(slice, CONFORMANCE_SETTINGS);
  const info = ((row.inputs ?? []) as readonly Json[])
    .filter((input) => input.$type === 'model.ServiceInfo')
    .map(serviceInfoOf)
    .find((candidate) => candidate.key === key);
  return info === undefined
    ? []
    : translateEndpointSlice(slice, { info, podAt: () => undefined }, CONFORMANCE_SETTINGS);
}

function objectsOf(input: Json): readonly MeshObject[] {
  const { $type: type, ...value } = input;
  switch (type) {
    case 'model.WorkloadAuthorization': {
      // Only its name and its selector decide who lists it.
      const { namespace = '', name } = (value.authorization ?? {}) as { namespace?: string; name?: string };
      const matchLabels = selectorOf(value.labelSelector);
      if (name === undefined || matchLabels === undefined) return [];
      const metadata = { name, namespace };
      const spec = { selector: { matchLabels } };
      return [objectOf('AuthorizationPolicy', { ...SECURITY, kind: 'AuthorizationPolicy', metadata, spec })];
    }
    case 'securityclient.PeerAuthentication':
      return [objectOf('PeerAuthentication', { ...value, ...SECURITY, kind: 'PeerAuthentication' })];
    case 'discovery.EndpointSlice':
      return [
        objectOf('EndpointSlice', {
          addressType: 'IPv4',
          ...value,
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
        }),
      ];
    case 'v1.Node':
      return [objectOf('Node', { ...value, apiVersion: 'v1', kind: 'Node' })];
    case 'v1.Namespace':
      return [objectOf('Namespace', { ...value, apiVersion: 'v1', kind: 'Namespace' })];
    default:
      return [];
  }
}

/** `NewSelector({…})`; undefined: there is none. */
function selectorOf(value: unknown): Readonly<Record<string, string>> | undefined {
  const { args } = (value ?? {}) as { args?: readonly (Readonly<Record<string, string>> | null)[] };
  return args?.[0] ?? undefined;
}

function serviceInfoOf(input: Json): ServiceInfo {
  const service = input.service as { namespace: string; hostname: string; ports: readonly PortMapping[] };
  const names = (input.portNames ?? {}) as Record<string, { portName?: string; targetPortName?: string }>;
  const labels = selectorOf(input.labelSelector);
  return {
    key: serviceKey(service.namespace, service.hostname),
    service: service as unknown as Service,
    selector: labels === undefined ? undefined : new Map(Object.entries(labels)),
    bindingStatus: undefined,
    leadsTo: undefined,
    ports: service.ports.map((port) => ({
      name: names[port.servicePort]?.portName ?? '',
      servicePort: port.servicePort,
      targetPort: port.targetPort,
      targetName: names[port.servicePort]?.targetPortName ?? '',
    })),
  };
}

/** The tables leave out what these cases do not turn on, so their issues do not count. */
function gatewayOf({ metadata, spec }: Json): GatewayObject {
  const value = { metadata: { name: 'waypoint', ...(metadata as Json) }, spec };
  return inspectObject('Gateway', value).object as GatewayObject;
}

function gatewayClassOf(value: Json): GatewayClassObject {
  return inspectObject('GatewayClass', value).object as GatewayClassObject;
}

function addressOf(value: Json): GatewayAddress {
  const { destination, hboneMtlsPort } = value as {
    destination: { hostname: { namespace: string; hostname: string } };
    hboneMtlsPort: number;
  };
  const { namespace, hostname } = destination.hostname;
  return { kind: 'hostname', namespace, hostname, hboneMtlsPort };
}

function labelsOf(value: unknown): ReadonlyMap<string, string> {
  return new Map(Object.entries((value ?? {}) as Record<string, string>));
}
