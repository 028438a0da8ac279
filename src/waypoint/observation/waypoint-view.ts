import type { Clock } from '../../base/index.ts';
import {
  type HttpRoute,
  type MeshView,
  type Rates,
  defaultRouteView,
  routeViews,
  type ServiceKey,
  serviceKey,
  type WaypointResource,
  type WaypointView,
} from '../../model/index.ts';
import type { ObservationStore } from '../../telemetry/index.ts';
import { bindsService, type WaypointSelf } from '../listener/dialled-target.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import type { RuleRates } from './rule-rates.ts';

/** What a view is made from. */
export interface WaypointViewDeps {
  readonly self: WaypointSelf;
  readonly view: MeshView;
  readonly resources: { all(): IterableIterator<WaypointResource> };
  readonly upstreams: Pick<Upstreams, 'dump'>;
  readonly store: Pick<ObservationStore, 'waypointRates'>;
  readonly rules: Pick<RuleRates, 'over' | 'defaults'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** This waypoint as dashboards show it; of its replicas' traffic only that of this one. */
export function waypointView(deps: WaypointViewDeps, windowMs: number): WaypointView {
  const { self, view } = deps;
  const [namespace = '', name = ''] = self.gateway.split('/');
  const pods = view.allEndpoints(serviceKey(self.namespace, self.hostname));
  const served = [...view.services()].filter((service) => bindsService(service, view, self)).length;
  return {
    namespace,
    name,
    ready: {
      pods: pods.filter(({ workload }) => workload.status === 'healthy').length,
      total: pods.length,
    },
    serves: `${served} service${served === 1 ? '' : 's'}`,
    rates: deps.store.waypointRates(windowMs).of(namespace, name),
    routes: routesOf(deps, windowMs),
    ejected: ejectedOf(deps),
  };
}

function routesOf({ resources, rules, view }: WaypointViewDeps, windowMs: number): WaypointView['routes'] {
  const rates: (route: HttpRoute, rule: string) => Rates = rules.over(windowMs);
  const nameOf = (key: ServiceKey): string => {
    const service = view.service(key);
    return service === undefined ? key : `${service.namespace}/${service.name}`;
  };
  const bound = [...resources.all()].flatMap((resource) =>
    resource.kind === 'route' ? routeViews(resource.route, nameOf, rates) : [],
  );
  return [...bound, ...rules.defaults(windowMs).map((service) => defaultRouteView(service))];
}

function ejectedOf({ upstreams, clock }: WaypointViewDeps): WaypointView['ejected'] {
  const nowMs = clock.now();
  return upstreams.dump().flatMap(({ backend, endpoints }) =>
    endpoints
      .filter(({ health }) => health !== 'healthy')
      .map(({ namespace, name, health, backInMs }) => ({
        backend,
        endpoint: `${namespace}/${name}`,
        reason: health,
        untilMs: nowMs + backInMs,
      })),
  );
}
