import { readFileSync } from 'node:fs';
import { type Test, test } from 'tap';
import {
  ingressUsesWaypoint,
  type ServiceInfo,
  translateAuthorizationPolicy,
  translatePod,
  translateService,
} from '../../src/controller/translate/index.ts';
import { type PortMapping, type Service, serviceKey, type Workload } from '../../src/model/index.ts';
import {
  goldenService,
  goldenWorkload,
  serviceRecord,
  workloadRecord,
} from '../controller/support/address-record.ts';
import { readDerived } from '../controller/support/derived-table.ts';
import { CONFORMANCE_SETTINGS, objectOf } from '../controller/support/settings.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';

type Json = Readonly<Record<string, unknown>>;
type Cases = Readonly<Record<string, readonly Json[]>>;

/** Tables of other features, with what they wait for. */
const OUT_OF_SCOPE: ReadonlyMap<string, string> = new Map([
  ['TestMakeAllowedRoutes', 'Gateways are not read before there are waypoints'],
  ['TestServiceOwningWaypoints', 'services have no waypoint before there are waypoints'],
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
        check(t, { table, row, title });
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
  const inputs = JSON.stringify(row.inputs ?? []);
  if (inputs.includes('ServiceEntry')) return 'ServiceEntry is not read yet';
  if (inputs.includes('WorkloadEntry')) return 'WorkloadEntry is not read yet';
  if (/"Waypoint"|Gateway/.test(inputs)) return 'there are no waypoints yet';
  return undefined;
}

function podOf(row: Json): Workload | undefined {
  const pod = objectOf('Pod', { apiVersion: 'v1', kind: 'Pod', ...(row.pod as Json) });
  const services = (row.inputs as readonly Json[])
    .filter((input) => input.$type === 'model.ServiceInfo')
    .map(serviceInfoOf)
    .filter(({ selector }) =>
      [...(selector ?? [])].every(([key, value]) => pod.meta.labels.get(key) === value),
    );
  return translatePod(pod, { services, policies: [], node: undefined }, CONFORMANCE_SETTINGS);
}

function serviceInfoOf(input: Json): ServiceInfo {
  const service = input.service as { namespace: string; hostname: string; ports: readonly PortMapping[] };
  const names = (input.portNames ?? {}) as Record<string, { portName?: string; targetPortName?: string }>;
  const [labels] = (input.labelSelector as { args: readonly Record<string, string>[] }).args;
  return {
    key: serviceKey(service.namespace, service.hostname),
    service: service as unknown as Service,
    selector: new Map(Object.entries(labels ?? {})),
    ports: service.ports.map((port) => ({
      name: names[port.servicePort]?.portName ?? '',
      servicePort: port.servicePort,
      targetPort: port.targetPort,
      targetName: names[port.servicePort]?.targetPortName ?? '',
    })),
  };
}

function labelsOf(value: unknown): ReadonlyMap<string, string> {
  return new Map(Object.entries((value ?? {}) as Record<string, string>));
}
