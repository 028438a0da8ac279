import type { Clock } from '../../base/index.ts';
import type { DecisionMetrics, HttpMetrics, RequestLog, Tracer } from '../../telemetry/index.ts';
import type { GuardDeps } from '../authorization/guard-deps.ts';
import type { LiveConnections } from '../authorization/live-connections.ts';
import { compose, type Handler, type Layer } from '../request/layer.ts';
import type { ObserveRequest } from '../observation/observe-request.ts';
import type { TelemetryOf } from '../observation/telemetry-lookup.ts';
import type { FaultInjector } from '../faults/fault-injector.ts';
import type { RateLimiter } from '../rate-limit/rate-limiter.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import { createActiveRequestsLayer } from './admission/active-requests.ts';
import { decidingLayers } from './deciding-layers.ts';
import { createPassedOnLayer, type PassedOnConfig } from './forwarding/passed-on.ts';
import { accessLogLayer } from './observation/access-log.ts';
import { metricsLayer } from './observation/metrics.ts';
import { observedLayer } from './observation/observed.ts';
import { tracingLayer } from './observation/tracing.ts';
import { tryTracingLayer } from './observation/try-tracing.ts';
import { createBalancingLeaf } from './resilience/balancing.ts';
import { createCircuitBreakingLayer } from './resilience/circuit-breaking.ts';
import { createMirrorLayer } from './routing/mirror/mirror.ts';
import type { RoutingMetrics } from './routing-metrics.ts';

/** Sends a request to its backend: once, or as often as `layers` around that do. */
export function createSender(upstreams: Upstreams, ...layers: readonly Layer[]): Handler {
  return compose([...layers, createCircuitBreakingLayer(upstreams)], createBalancingLeaf(upstreams));
}

/** What the layers need of the waypoint. */
export interface HandlerDeps {
  readonly clock: Clock;
  readonly random: () => number;
  /** Under way in the whole process. */
  readonly maxActiveRequests: number;
  readonly upstreams: Upstreams;
  readonly rateLimiter: Pick<RateLimiter, 'admit'>;
  readonly faults: Pick<FaultInjector, 'inject'>;
  readonly requestLog: RequestLog;
  readonly tracer: Tracer;
  readonly httpMetrics: HttpMetrics;
  readonly decisions: DecisionMetrics;
  readonly observeRequest: ObserveRequest;
  readonly telemetryOf: TelemetryOf;
  readonly routingMetrics: RoutingMetrics;
  readonly passedOn: PassedOnConfig;
  /** One for all that is sent, for its budget is the process's. */
  readonly retry: Layer;
  readonly guards: GuardDeps;
  readonly live: Pick<LiveConnections, 'follow'>;
}

/**
 * Everything that happens to a request, in its order: what is outermost comes first and sees everything that those behind
 * it do. The answer passes the same layers the other way.
 */
export function createHandler(deps: HandlerDeps): Handler {
  const { clock, random, tracer, upstreams, routingMetrics } = deps;
  const leaf = createBalancingLeaf(upstreams);
  const circuitBreaking = createCircuitBreakingLayer(upstreams);
  return compose(
    [
      accessLogLayer(deps.requestLog),
      metricsLayer({ http: deps.httpMetrics, decisions: deps.decisions, telemetryOf: deps.telemetryOf }),
      observedLayer(deps.observeRequest),
      createActiveRequestsLayer(deps.maxActiveRequests),
      createPassedOnLayer(deps.passedOn),
      tracingLayer({ tracer, clock, telemetryOf: deps.telemetryOf }),
      ...decidingLayers({
        ...deps,
        trustedClients: deps.passedOn.trustedClients,
        mirror: createMirrorLayer({
          clock,
          random,
          send: createSender(upstreams),
          onCopy: routingMetrics.onCopy,
        }),
      }).map(({ layer }) => layer),
      deps.retry,
      circuitBreaking,
      tryTracingLayer({ tracer, clock }),
    ],
    leaf,
  );
}
