import { METRICS, type MetricsRegistry, makeGauge } from '../../telemetry/index.ts';
import type { DeltaServer } from '../../xds/index.ts';
import type { MeshCollections } from '../collections/index.ts';
import type { SinkQueue } from '../sink/index.ts';
import type { ObjectSource } from '../sources/index.ts';

/** The controller's own metrics; everything is read at scrapes alone. */
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
  const { podWorkloads, otherWorkloads, services, policyObjects, enrolments } = collections;
  makeGauge(registry, METRICS.controllerWorkloads, (self) =>
    self.set(podWorkloads.size + otherWorkloads.size),
  );
  makeGauge(registry, METRICS.controllerServices, (self) => self.set(services.size));
  makeGauge(registry, METRICS.controllerEnrolments, (self) => self.set(enrolments.size));
  makeGauge(registry, METRICS.controllerProxies, (self) => self.set(server.proxies().length));
  makeGauge(registry, METRICS.controllerWaitingWrites, (self) => self.set(sink.waiting));
  makeGauge(registry, METRICS.controllerPolicies, (self) => {
    const all = [...policyObjects.values()];
    const faulty = all.filter(({ faults }) => faults.length > 0).length;
    self.set({ understood: 'true' }, all.length - faulty);
    self.set({ understood: 'false' }, faulty);
  });
  makeGauge(registry, METRICS.controllerManifestProblems, (self) => {
    const problems = source.problems();
    for (const severity of ['error', 'notice']) {
      self.set({ severity }, problems.filter((problem) => problem.severity === severity).length);
    }
  });
}
