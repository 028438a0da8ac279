import type { Clock } from '../../base/index.ts';
import type { SpiffeId } from '../../model/index.ts';
import type { GuardDeps } from '../authorization/guard-deps.ts';
import type { LiveConnections } from '../authorization/live-connections.ts';
import type { FaultInjector } from '../faults/fault-injector.ts';
import type { RateLimiter } from '../rate-limit/rate-limiter.ts';
import type { Layer } from '../request/layer.ts';
import { faultLayer } from './admission/fault.ts';
import { filterLayer } from './admission/filter.ts';
import { rateLimitLayer } from './admission/rate-limit.ts';
import { createTimeoutLayer } from './resilience/timeout.ts';
import { createConsumerRouteLayer } from './routing/consumer-route.ts';
import { createCorsLayer } from './routing/cors/cors.ts';
import { backendFiltersLayer, ruleFiltersLayer } from './routing/headers-and-url.ts';
import { createRouteLayer } from './routing/route.ts';
import { createSessionLayer } from './routing/session/session-persistence.ts';
import { createAuthenticationLayer } from './security/authentication.ts';
import { createAuthorizationLayer } from './security/authorization.ts';
import { normalizedPathLayer } from './security/normalized-path.ts';

/** What deciding takes; nothing of it sends the request. */
export interface DecidingDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly rateLimiter: Pick<RateLimiter, 'admit'>;
  readonly faults: Pick<FaultInjector, 'inject'>;
  readonly guards: GuardDeps;
  readonly live: Pick<LiveConnections, 'follow'>;
  readonly trustedClients: ReadonlySet<SpiffeId>;
  /** Sends copies of what a rule mirrors. */
  readonly mirror: Layer;
}

/** What a layer does, as people would say it. */
export type DecidingStep =
  | 'path'
  | 'consumer route'
  | 'CORS'
  | 'authentication'
  | 'authorization'
  | 'rate limit'
  | 'fault'
  | 'filter'
  | 'route'
  | 'session'
  | 'rule filters'
  | 'mirror'
  | 'backend filters'
  | 'timeout';

/** A layer with what it does, so that a rehearsal can tell where a request ended. */
export interface NamedLayer {
  readonly step: DecidingStep;
  readonly layer: Layer;
}

/**
 * Everything that judges a request, changes it, and says where it goes, in its order: from the request as the tunnel brought
 * it to the backend that it is for. How often it is sent there is another matter.
 */
export function decidingLayers(deps: DecidingDeps): readonly NamedLayer[] {
  const { clock, random, rateLimiter, faults: injector, trustedClients } = deps;
  return [
    { step: 'path', layer: normalizedPathLayer },
    { step: 'consumer route', layer: createConsumerRouteLayer({ clock, random }) },
    { step: 'CORS', layer: createCorsLayer() },
    { step: 'authentication', layer: createAuthenticationLayer({ clock }) },
    {
      step: 'authorization',
      layer: createAuthorizationLayer({ ...deps.guards, live: deps.live, trustedClients }),
    },
    { step: 'rate limit', layer: rateLimitLayer(rateLimiter) },
    { step: 'fault', layer: faultLayer({ injector, clock }) },
    { step: 'filter', layer: filterLayer() },
    { step: 'route', layer: createRouteLayer({ clock, random }) },
    { step: 'session', layer: createSessionLayer({ clock }) },
    { step: 'rule filters', layer: ruleFiltersLayer },
    { step: 'mirror', layer: deps.mirror },
    // What the backend's own filters name.
    { step: 'rate limit', layer: rateLimitLayer(rateLimiter, 'backend') },
    { step: 'fault', layer: faultLayer({ injector, clock, place: 'backend' }) },
    { step: 'filter', layer: filterLayer('backend') },
    { step: 'backend filters', layer: backendFiltersLayer },
    { step: 'timeout', layer: createTimeoutLayer({ clock }) },
  ];
}
