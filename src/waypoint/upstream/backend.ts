import type { MeshError } from '../../base/index.ts';
import {
  refuse,
  type Service,
  type TrafficSettings,
  type UpstreamRefusalReason,
  type WorkloadUid,
} from '../../model/index.ts';
import { WaypointError } from '../errors.ts';
import { createBalancerCache } from './balancing/balancer-cache.ts';
import { createEndpointConnections } from './connections/endpoint-connections.ts';
import { createIdleList, type IdleList } from './connections/idle-list.ts';
import { askMesh, ANY_IPV4, titleOf } from './endpoints/ask-mesh.ts';
import { createEndpointTable } from './endpoints/endpoint-table.ts';
import type { BackendRef } from './endpoints/known-endpoints.ts';
import { createServiceEndpoint, type ServiceEndpoint } from './endpoints/service-endpoint.ts';
import { createRequestGate, type RequestGate } from './limits/request-gate.ts';
import { classify, type Outcome } from './outliers/outcome.ts';
import { createOutlierDetector, type OutlierEvent } from './outliers/outlier-detector.ts';
import type { UpstreamDeps } from './upstream-deps.ts';

/** Everything about one port of one service (or one pod) that outlives a request and a change of configuration. */
export interface Backend {
  readonly ref: BackendRef;
  readonly name: string;
  readonly namespace: string;
  readonly gate: RequestGate;
  /** As the mesh has it now; undefined for a pod. */
  service(): Service | undefined;
  /** Who is to have a request. Throws ERR_WAYPOINT_NO_ENDPOINT. */
  choose(question: EndpointQuestion): ServiceEndpoint;
  /** What became of a request that `choose` gave somebody. */
  report(endpoint: ServiceEndpoint, result: TryResult, settings: TrafficSettings): void;
  endpoints(): readonly ServiceEndpoint[];
  /** The mesh has changed in what concerns this backend. */
  refresh(): void;
  /** Nothing runs, waits or is connected. */
  readonly isIdle: boolean;
  retire(): void;
  destroy(cause: Error): void;
}

/** How one try of a request ended. */
export interface TryResult {
  readonly outcome: Outcome;
  /** Why it failed, where it did. */
  readonly error?: MeshError | undefined;
  /** Undefined where it tells nothing of how long requests take. */
  readonly latencyMs: number | undefined;
}

/** What decides which endpoint a try goes to. */
export interface EndpointQuestion {
  readonly settings: TrafficSettings;
  /** Of the key of this request, where its settings balance by one. */
  readonly hash: number | undefined;
  /** Endpoints that have failed this request. */
  readonly avoid: ReadonlySet<WorkloadUid>;
  /** The endpoint that the client's session is with; it is chosen while it may be. */
  readonly stickTo: WorkloadUid | undefined;
}

/** `retire` lets what runs end, and opens nothing new. */
export function createBackend(ref: BackendRef, deps: UpstreamDeps, processIdle: IdleList): Backend {
  const { view, clock, random, events } = deps;
  const { name, namespace } = titleOf(ref, view);
  const serviceIdle = createIdleList(Number.POSITIVE_INFINITY);
  const balancers = createBalancerCache();
  const gate = createRequestGate({
    name,
    clock,
    onOverflow: (reason) => events.overflowed({ backend: name, reason }),
    closeIdle: () => serviceIdle.closeOldest(),
  });
  const outliers = createOutlierDetector<ServiceEndpoint>({
    clock,
    random,
    count: () => table.size,
    healthOf: ({ health }) => health,
    onEvent(event) {
      table.invalidate();
      tell(event);
    },
  });
  const table = createEndpointTable({
    known: (locality) => askMesh(ref, deps, locality),
    create: (reached, isNew) =>
      createServiceEndpoint({
        reached,
        sinceMs: isNew ? clock.monotonic() : Number.NEGATIVE_INFINITY,
        connections: createEndpointConnections({ ...deps, gate, idleLists: [serviceIdle, processIdle] }),
        moved: () => endpointGone(reached.workload.name),
      }),
    gone(endpoint) {
      outliers.forget(endpoint);
      endpoint.connections.retire(endpointGone(endpoint.workload.name));
    },
  });

  function tell(event: OutlierEvent<ServiceEndpoint>): void {
    const about = { backend: name, endpoint: event.endpoint.workload };
    switch (event.type) {
      case 'ejected':
        events.ejected({ ...about, reason: event.reason, forMs: event.forMs });
        break;
      case 'spared':
        events.spared({ ...about, reason: event.reason });
        break;
      case 'returned':
        events.returned(about);
        break;
    }
  }

  return {
    ref,
    name,
    namespace,
    gate,
    service: () => (ref.kind === 'service' ? view.service(ref.service) : undefined),
    choose({ settings, hash, avoid, stickTo }) {
      const { sets, service, emptyBecause } = table.choicesFor(settings.locality);
      const { panicThresholdPercent, loadBalancer, slowStart } = settings;
      const set = sets.setFor({ panicThresholdPercent, avoid });
      if (set === undefined) throw noEndpoint({ ref, name, service, reason: emptyBecause }, deps);
      if (stickTo !== undefined) {
        const session = sets.endpoints.find(({ uid }) => uid === stickTo);
        if (session?.health.out === undefined && session !== undefined && !avoid.has(session.uid))
          return session;
      }
      const balancer = balancers.balancerFor(loadBalancer, slowStart);
      return balancer.choose(set, { nowMs: clock.monotonic(), random, hash });
    },
    report(endpoint, { outcome, error, latencyMs }, settings) {
      const { loadBalancer, outliers: ejection } = settings;
      const kind = classify(outcome, ejection.rateLimitedMaximumMs > 0);
      if (kind === 'server-error' || kind === 'gateway-error') endpoint.failures += 1;
      if (latencyMs !== undefined) {
        const decayMs = loadBalancer.type === 'peak-ewma' ? loadBalancer.decayMs : DEFAULT_DECAY_MS;
        const countedMs = kind === 'gateway-error' ? Math.max(latencyMs, FAILURE_LATENCY_MS) : latencyMs;
        endpoint.latency.observe(countedMs, clock.monotonic(), decayMs);
      }
      if (outcome.kind === 'connect-failed' && error !== undefined)
        events.connectFailed({ backend: name, endpoint: endpoint.workload, error });
      outliers.report(endpoint, outcome, ejection);
    },
    endpoints: () => [...table.all()],
    refresh: () => table.refresh(),
    get isIdle() {
      return gate.active + gate.pending + gate.connections === 0;
    },
    retire() {
      outliers.destroy();
      for (const endpoint of table.all()) endpoint.connections.retire(endpointGone(endpoint.workload.name));
    },
    destroy(cause) {
      outliers.destroy();
      for (const endpoint of table.all()) endpoint.connections.destroy(cause);
    },
  };
}

function noEndpoint(
  about: {
    readonly ref: BackendRef;
    readonly name: string;
    readonly service: Service | undefined;
    readonly reason: UpstreamRefusalReason;
  },
  { view, network }: UpstreamDeps,
): WaypointError {
  const { ref, name, service, reason } = about;
  const address = ref.kind === 'workload' ? ref.address : (service?.addresses[0]?.address ?? ANY_IPV4);
  const destination = { address, port: ref.port };
  const refusal = refuse({ request: { view, network, destination }, reason, service });
  return new WaypointError({
    code: 'ERR_WAYPOINT_NO_ENDPOINT',
    blame: 'upstream',
    message:
      service === undefined && reason === 'NO_ENDPOINT'
        ? `${name} is not in the mesh (any more)`
        : refusal.message,
    hint: refusal.hint,
    reason,
    // Endpoints come and go; nothing of the request was sent.
    retryable: true,
  });
}

function endpointGone(name: string): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_CONNECT_FAILED',
    blame: 'upstream',
    message: `${name} went away while a connection to it was awaited`,
    reason: 'endpoint-gone',
    retryable: true,
  });
}

const DEFAULT_DECAY_MS = 10_000;
/** An endpoint that fails fast must not pass for a fast one. */
const FAILURE_LATENCY_MS = 1_000;
