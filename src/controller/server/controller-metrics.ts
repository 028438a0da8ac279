import { Gauge } from 'prom-client';
import type { MetricsRegistry } from '../../telemetry/index.ts';
import type { DeltaServer } from '../../xds/index.ts';
import type { MeshCollections } from '../collections/index.ts';
import type { SinkQueue } from '../sink/index.ts';
import type { ObjectSource } from '../sources/index.ts';

/** The controller's own metrics: name, help and labels; docs/metrics.md repeats them. */
export const CONTROLLER_METRICS = {
  workloads: ['nodemesh_controller_workloads', 'Workloads that proxies are told of', []],
  services: ['nodemesh_controller_services', 'Services that proxies are told of', []],
  policies: [
    'nodemesh_controller_policies',
    'Authorization policies, by whether they were understood',
    ['understood'],
  ],
  enrolments: ['nodemesh_controller_enrolments', 'Pods that are to be enrolled', []],
  proxies: ['nodemesh_controller_proxies', 'Connected proxies', []],
  problems: ['nodemesh_controller_manifest_problems', 'Faults in the manifests', ['severity']],
  waitingWrites: [
    'nodemesh_controller_waiting_writes',
    'Annotations, conditions and events not written yet',
    [],
  ],
} as const satisfies Readonly<Record<string, readonly [string, string, readonly string[]]>>;

export function registerControllerMetrics(
  registry: MetricsRegistry,
  parts: {
    readonly collections: MeshCollections;
    readonly server: DeltaServer;
    readonly source: ObjectSource;
    readonly sink: SinkQueue;
  },
): void {
  const { collections, server, source, sink } = parts;
  const plain: readonly (readonly [readonly [string, string, readonly string[]], () => number])[] = [
    [CONTROLLER_METRICS.workloads, () => collections.podWorkloads.size + collections.otherWorkloads.size],
    [CONTROLLER_METRICS.services, () => collections.services.size],
    [CONTROLLER_METRICS.enrolments, () => collections.enrolments.size],
    [CONTROLLER_METRICS.proxies, () => server.proxies().length],
    [CONTROLLER_METRICS.waitingWrites, () => sink.waiting],
  ];
  for (const [metric, value] of plain) gauge(registry, metric, (self) => self.set(value()));
  gauge(registry, CONTROLLER_METRICS.policies, (self) => {
    const all = [...collections.policyObjects.values()];
    const faulty = all.filter(({ faults }) => faults.length > 0).length;
    self.set({ understood: 'true' }, all.length - faulty);
    self.set({ understood: 'false' }, faulty);
  });
  gauge(registry, CONTROLLER_METRICS.problems, (self) => {
    const problems = source.problems();
    for (const severity of ['error', 'notice']) {
      self.set({ severity }, problems.filter((problem) => problem.severity === severity).length);
    }
  });
}

function gauge(
  registry: MetricsRegistry,
  [name, help, labels]: readonly [string, string, readonly string[]],
  collect: (self: Gauge) => void,
): void {
  new Gauge({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect() {
      collect(this);
    },
  });
}
