import type { Clock } from '../../base/index.ts';
import {
  type HttpRoute,
  type HttpRule,
  KEPT_MS,
  type Rates,
  ruleLabel,
  type Service,
  type TrafficEdge,
} from '../../model/index.ts';
import { type CountsOfOne, createObservationStore } from '../../telemetry/index.ts';

interface TakenBy {
  readonly route: HttpRoute;
  readonly rule: HttpRule;
}

type ServiceName = Pick<Service, 'namespace' | 'name'>;

/** The traffic of each rule of each route, and of services without one. */
export interface RuleRates {
  count(taken: TakenBy, counts: CountsOfOne): void;
  /** Of a service that no route is bound to. */
  countDefault(service: ServiceName, counts: CountsOfOne): void;
  /** Services that had requests without a route, within fifteen minutes. */
  defaults(windowMs: number): readonly (ServiceName & { readonly rates: Rates })[];
  /** `rule` as `ruleLabel` gives it. */
  over(windowMs: number): (route: HttpRoute, rule: string) => Rates;
}

/** The history of traffic is kept by edges: here a rule stands in the place of a workload. */
export function createRuleRates(clock: Clock): RuleRates {
  const store = createObservationStore({
    proxy: 'routes',
    clock,
    limits: { edges: 2_000, tallies: 20_000, refusals: 1, flows: 1, spans: 1 },
  });
  /** A changed route has new rules. */
  const edges = new WeakMap<HttpRule, TrafficEdge>();
  const byDefault = new Map<string, ServiceName & { readonly edge: TrafficEdge }>();
  return {
    count(taken, counts) {
      let edge = edges.get(taken.rule);
      if (edge === undefined) {
        edge = edgeOf(taken.route, ruleLabel(taken.route, taken.rule));
        edges.set(taken.rule, edge);
      }
      store.count(edge, counts);
    },
    countDefault({ namespace, name }, counts) {
      const key = `${namespace}/${name}`;
      let known = byDefault.get(key);
      if (known === undefined) {
        if (byDefault.size >= MOST_DEFAULTS) byDefault.clear();
        known = { namespace, name, edge: edgeTo(namespace, `Service ${name}`) };
        byDefault.set(key, known);
      }
      store.count(known.edge, counts);
    },
    defaults(windowMs) {
      const rates = store.workloadRates(windowMs);
      const had = store.workloadRates(KEPT_MS);
      return [...byDefault.values()]
        .filter(({ namespace, edge }) => had.of(namespace, edge.destination.workload).requests > 0)
        .map(({ namespace, name, edge }) => ({
          namespace,
          name,
          rates: rates.of(namespace, edge.destination.workload),
        }));
    },
    over(windowMs) {
      const rates = store.workloadRates(windowMs);
      return (route, rule) => rates.of(route.namespace, nameOf(route, rule));
    },
  };
}

function edgeOf(route: HttpRoute, rule: string): TrafficEdge {
  return edgeTo(route.namespace, nameOf(route, rule));
}

function edgeTo(namespace: string, workload: string): TrafficEdge {
  return {
    reporter: 'waypoint',
    source: { namespace: '', workload: '', identity: '' },
    destination: { namespace, workload, identity: '' },
    service: undefined,
    protocol: 'http',
    mutualTls: true,
    waypoint: '',
  };
}

function nameOf(route: HttpRoute, rule: string): string {
  return `${route.kind} ${route.name} ${rule}`;
}

/** Far more than one waypoint serves; what is beyond begins anew. */
const MOST_DEFAULTS = 1_000;
