import type { Clock } from '../../base/index.ts';
import { type HttpRoute, type HttpRule, type Rates, ruleLabel, type TrafficEdge } from '../../model/index.ts';
import { type CountsOfOne, createObservationStore } from '../../telemetry/index.ts';

interface TakenBy {
  readonly route: HttpRoute;
  readonly rule: HttpRule;
}

/** The traffic of each rule of each route. */
export interface RuleRates {
  count(taken: TakenBy, counts: CountsOfOne): void;
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
  return {
    count(taken, counts) {
      let edge = edges.get(taken.rule);
      if (edge === undefined) {
        edge = edgeOf(taken.route, ruleLabel(taken.route, taken.rule));
        edges.set(taken.rule, edge);
      }
      store.count(edge, counts);
    },
    over(windowMs) {
      const rates = store.workloadRates(windowMs);
      return (route, rule) => rates.of(route.namespace, nameOf(route, rule));
    },
  };
}

function edgeOf(route: HttpRoute, rule: string): TrafficEdge {
  return {
    reporter: 'waypoint',
    source: { namespace: '', workload: '', identity: '' },
    destination: { namespace: route.namespace, workload: nameOf(route, rule), identity: '' },
    service: undefined,
    protocol: 'http',
    mutualTls: true,
    waypoint: '',
  };
}

function nameOf(route: HttpRoute, rule: string): string {
  return `${route.kind} ${route.name} ${rule}`;
}
