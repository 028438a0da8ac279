import {
  createSeriesBuckets,
  type Facts,
  METRICS,
  type MetricsRegistry,
  makeCounter,
  makeGauge,
  observe,
  SeriesHistogram,
} from '../../telemetry/index.ts';
import type { DeltaServer } from '../../xds/index.ts';
import type { MeshCollections } from '../collections/index.ts';
import type { Leadership } from '../leadership/index.ts';
import type { SinkQueue } from '../sink/index.ts';
import type { ObjectSource, SourceFacts } from '../sources/index.ts';

/** The controller's own metrics; all but the times of pushes are read at scrapes alone. */
export function registerControllerMetrics(
  registry: MetricsRegistry,
  parts: {
    readonly collections: MeshCollections;
    readonly server: DeltaServer;
    readonly source: ObjectSource;
    readonly sink: SinkQueue;
    readonly reportSink: SinkQueue;
    readonly leadership: Leadership;
    readonly facts: Pick<Facts, 'proxies' | 'certificates'>;
  },
): void {
  const { collections, server, source, sink, reportSink, leadership, facts } = parts;
  const { podWorkloads, otherWorkloads, services, policyObjects, enrolments, foreignAddresses } = collections;
  makeGauge(registry, METRICS.controllerWorkloads, (self) =>
    self.set(podWorkloads.size + otherWorkloads.size),
  );
  makeGauge(registry, METRICS.controllerServices, (self) => self.set(services.size));
  makeGauge(registry, METRICS.controllerEnrolments, (self) => self.set(enrolments.size));
  makeGauge(registry, METRICS.controllerForeignAddresses, (self) => self.set(foreignAddresses.size));
  makeGauge(registry, METRICS.controllerProxies, (self) => {
    for (const state of ['current', 'stale', 'rejecting'])
      self.set({ state }, facts.proxies().filter((proxy) => proxy.state === state).length);
  });
  makeGauge(registry, METRICS.controllerAuthorities, (self) => {
    self.reset();
    for (const { kind, name, notAfterMs } of facts.certificates())
      if (kind === 'root' || kind === 'intermediate') self.set({ kind, subject: name }, notAfterMs / 1000);
  });
  const pushes = createSeriesBuckets(PUSH_BOUNDS_SECONDS);
  server.pushes.subscribe((tookMs) => observe(pushes, PUSH_BOUNDS_SECONDS, tookMs / 1000));
  new SeriesHistogram(registry, METRICS.controllerPush, {
    bounds: PUSH_BOUNDS_SECONDS,
    read: () => [{ labels: {}, buckets: pushes }],
  });
  makeGauge(registry, METRICS.controllerWaitingWrites, (self) => self.set(sink.waiting + reportSink.waiting));
  makeGauge(registry, METRICS.controllerLeads, (self) => self.set(leadership.leading ? 1 : 0));
  makeGauge(registry, METRICS.controllerPolicies, (self) => {
    const all = [...policyObjects.values()];
    const faulty = all.filter(({ faults }) => faults.length > 0).length;
    self.set({ understood: 'true' }, all.length - faulty);
    self.set({ understood: 'false' }, faulty);
  });
  registerSourceMetrics(registry, source);
  makeGauge(registry, METRICS.controllerManifestProblems, (self) => {
    const problems = source.problems();
    for (const severity of ['error', 'notice']) {
      self.set({ severity }, problems.filter((problem) => problem.severity === severity).length);
    }
  });
}

/** Of a source that follows kinds. */
function registerSourceMetrics(registry: MetricsRegistry, source: ObjectSource): void {
  const all = (): readonly SourceFacts[] => source.facts?.() ?? [];
  makeGauge(registry, METRICS.controllerSourceObjects, (self) => {
    for (const { kind, objects } of all()) self.set({ kind }, objects);
  });
  makeCounter(registry, METRICS.controllerSourceLists, (self) => {
    self.reset();
    for (const { kind, lists } of all()) self.inc({ kind }, lists);
  });
  makeCounter(registry, METRICS.controllerSourceWatchRestarts, (self) => {
    self.reset();
    for (const { kind, watchRestarts } of all()) self.inc({ kind }, watchRestarts);
  });
  makeGauge(registry, METRICS.controllerSourceHeard, (self) => {
    for (const { kind, heardMs } of all()) if (heardMs > 0) self.set({ kind }, heardMs / 1000);
  });
}

const PUSH_BOUNDS_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30];
