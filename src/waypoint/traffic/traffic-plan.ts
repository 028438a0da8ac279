import {
  type Attachment,
  type BackendTarget,
  type GatewayKey,
  type HttpRule,
  NO_TRAFFIC_OVERRIDES,
  type ServiceKey,
  type TrafficOverrides,
  type TrafficSettings,
} from '../../model/index.ts';
import type { RouteSelection } from '../routing/route-selection.ts';
import { DEFAULT_TRAFFIC_SETTINGS } from './default-settings.ts';
import { mergeSettings } from './merge-settings.ts';
import type { TrafficIndex } from './traffic-index.ts';

/** How requests that were dialled to one target are to be carried on. */
export interface TrafficPlan {
  /**
   * What holds for requests that a rule takes, on the way to a backend. The same object for the same question, so that it
   * can key a cache.
   */
  settingsFor(route: RouteSelection, backend: BackendTarget | undefined): TrafficSettings;
}

/** What a client dialled, as far as traffic policies can be attached to it. */
export interface TrafficTarget {
  /** The waypoint's own Gateway. */
  readonly gateway: GatewayKey;
  /** Undefined for a pod that was dialled by its own address. */
  readonly service: ServicePort | undefined;
}

/**
 * The precedence, value by value: the rule, its route, the port of the backend's service, that service, then the port and
 * the service that were dialled, the gateway, the defaults. What is about endpoints and not about requests is never
 * taken from a service that was dialled but is not the backend, nor from the route of a consumer for endpoints that are not its
 * own: all clients share them.
 */
export function compileTraffic(index: TrafficIndex, target: TrafficTarget): TrafficPlan {
  const dialled = target.service === undefined ? [] : serviceOverrides(index, target.service);
  const weakest = [
    ...dialled.map(aboutRequests),
    ...index.overridesOf({ kind: 'gateway', gateway: target.gateway }),
  ];
  const merge = (route: RouteSelection, backend: ServicePort | undefined): TrafficSettings =>
    mergeSettings(
      [
        ...routeOverrides(index, route, [target.service, backend]),
        ...(backend === undefined ? [] : serviceOverrides(index, backend)),
        ...weakest,
      ],
      DEFAULT_TRAFFIC_SETTINGS,
    );
  const withoutRule = createAnswers();
  // Rules that no plan knows any more take their answers with them.
  const byRule = new WeakMap<HttpRule, Answers>();
  const answersFor = (route: RouteSelection): Answers => {
    if (route.kind !== 'rule') return withoutRule;
    let answers = byRule.get(route.rule);
    if (answers === undefined) {
      answers = createAnswers();
      byRule.set(route.rule, answers);
    }
    return answers;
  };
  return {
    settingsFor(route, backend) {
      const answers = answersFor(route);
      if (backend?.kind !== 'service') {
        answers.anywhere ??= merge(route, undefined);
        return answers.anywhere;
      }
      const { service: key, port } = backend;
      let byPort = answers.byService.get(key);
      if (byPort === undefined) {
        byPort = new Map();
        answers.byService.set(key, byPort);
      }
      let settings = byPort.get(port);
      if (settings === undefined) {
        settings = merge(route, { key, port });
        byPort.set(port, settings);
      }
      return settings;
    },
  };
}

interface ServicePort {
  readonly key: ServiceKey;
  readonly port: number;
}

interface Answers {
  anywhere: TrafficSettings | undefined;
  readonly byService: Map<ServiceKey, Map<number, TrafficSettings>>;
}

function createAnswers(): Answers {
  return { anywhere: undefined, byService: new Map() };
}

function routeAttachments({ route, rule }: Extract<RouteSelection, { kind: 'rule' }>): readonly Attachment[] {
  const whole: Attachment = { kind: 'route', route: route.key, rule: undefined };
  return rule.name === '' ? [whole] : [{ ...whole, rule: rule.name }, whole];
}

function routeOverrides(
  index: TrafficIndex,
  selection: RouteSelection,
  services: readonly (ServicePort | undefined)[],
): readonly TrafficOverrides[] {
  if (selection.kind !== 'rule') return [];
  const overrides = routeAttachments(selection).flatMap(index.overridesOf);
  const own = `${selection.route.namespace}/`;
  return services.some((service) => service?.key.startsWith(own) === true)
    ? overrides
    : overrides.map(ofOneClient);
}

/** A budget holds for a backend, and how long it may take to be reached says who is left out. */
function ofOneClient({ timeouts, retry, sessionPersistence }: TrafficOverrides): TrafficOverrides {
  return {
    ...NO_TRAFFIC_OVERRIDES,
    timeouts: { ...timeouts, connectMs: undefined },
    retry,
    sessionPersistence,
  };
}

function serviceOverrides(index: TrafficIndex, { key, port }: ServicePort): readonly TrafficOverrides[] {
  return [
    ...index.overridesOf({ kind: 'service', service: key, port }),
    ...index.overridesOf({ kind: 'service', service: key, port: undefined }),
  ];
}

/** The dialled service's policy speaks for its requests wherever they go, but not for another service's endpoints. */
function aboutRequests(overrides: TrafficOverrides): TrafficOverrides {
  const { timeouts, retry, retryBudget, sessionPersistence } = overrides;
  return { ...NO_TRAFFIC_OVERRIDES, timeouts, retry, retryBudget, sessionPersistence };
}
