import type { Logger } from '../../base/index.ts';
import type { GatewayKey, WaypointResource } from '../../model/index.ts';
import { compileAuthentication } from '../authentication/compile-authentication.ts';
import { compileAuthorization } from '../authorization/compile-authorization.ts';
import type { KeyStore } from '../authentication/keys/index.ts';
import type { FaultInjector } from '../faults/fault-injector.ts';
import type { FilterHost } from '../filter/filter-host.ts';
import type { RateLimiter } from '../rate-limit/rate-limiter.ts';
import { createRouteTable, EMPTY_ROUTE_TABLE } from '../routing/route-table.ts';
import { createStreamRouteTable, EMPTY_STREAM_ROUTE_TABLE } from '../routing/stream-route-table.ts';
import { indexTraffic } from '../traffic/traffic-index.ts';
import { compileTraffic } from '../traffic/traffic-plan.ts';
import { pathNormalizationOf } from './path-normalization.ts';
import type { CompilePlan } from './plan-store.ts';

/** What plans refer to and outlives them. */
export interface PlanParts {
  readonly rateLimiter: Pick<RateLimiter, 'compile'>;
  readonly faults: Pick<FaultInjector, 'compile'>;
  readonly filters: Pick<FilterHost, 'compile'>;
  readonly keys: Pick<KeyStore, 'sourceFor'>;
  readonly log: Logger;
}

/** Compiles everything that may hold for a target; each part is its layer's own. */
export function createPlanCompiler(gateway: GatewayKey, parts: PlanParts): CompilePlan {
  return (target, resources, service) => {
    const routes = ofKind(resources, 'route').map(({ route }) => route);
    const { service: key, port } = target;
    const traffic = indexTraffic(ofKind(resources, 'traffic').map(({ policy }) => policy));
    const table = service === undefined ? EMPTY_ROUTE_TABLE : createRouteTable(routes, service, port);
    for (const error of table.problems) parts.log.warn('match of a route left out', { service: key, error });
    return {
      routes: table,
      streams:
        service === undefined ? EMPTY_STREAM_ROUTE_TABLE : createStreamRouteTable(routes, service, port),
      traffic: compileTraffic(traffic, {
        gateway,
        service: key === undefined ? undefined : { key, port },
      }),
      rateLimits: parts.rateLimiter.compile(target, resources),
      faults: parts.faults.compile(target, resources),
      filters: parts.filters.compile(target, resources),
      authentication: compileAuthentication({ ...target, gateway }, resources, parts.keys),
      authorization: compileAuthorization({ ...target, gateway }, resources),
      pathNormalization: pathNormalizationOf(resources),
    };
  };
}

function ofKind<Kind extends WaypointResource['kind']>(
  resources: readonly WaypointResource[],
  kind: Kind,
): readonly Extract<WaypointResource, { readonly kind: Kind }>[] {
  return resources.filter(
    (resource): resource is Extract<WaypointResource, { readonly kind: Kind }> => resource.kind === kind,
  );
}
