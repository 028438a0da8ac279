import type {
  AdmissionObject,
  Attachment,
  ExtensionKey,
  GatewayKey,
  HttpFilter,
  HttpRule,
  RouteKey,
} from '../../model/index.ts';
import type { PlanTarget } from '../plan/plan-target.ts';
import type { RouteSelection } from '../routing/route-selection.ts';

/** Which objects of one kind hold for the requests to one target. */
export interface HoldingObjects<T> {
  /**
   * In the order in which they hold: from the widest attachment to the narrowest, of the same the older first, and last
   * what the rule names, in the order of its filters. Each once.
   */
  of(selection: RouteSelection): Holding<T>;
  /** Those that filters of its backend name, in their order: they hold for requests to that one alone. */
  namedBy(filters: readonly HttpFilter[], selection: RouteSelection): Holding<T>;
}

/** What holds for one request, in the order in which it is applied. */
export interface Holding<T> {
  readonly objects: readonly T[];
  /** Named by the rule and not there: the request must not go on as if nothing had been asked for. */
  readonly missing: ExtensionKey | undefined;
}

/** For targets for which there is none. */
export const NOTHING_HOLDS: HoldingObjects<never> = { of: () => HOLDS_NONE, namedBy: () => HOLDS_NONE };

/** None, and none missing. */
export const HOLDS_NONE: Holding<never> = { objects: [], missing: undefined };

/** All objects of a kind, and the target that they may hold for. */
export interface HoldingOptions<O extends AdmissionObject, T> {
  readonly objects: readonly O[];
  readonly gateway: GatewayKey;
  readonly target: PlanTarget;
  /** Which ExtensionRefs are of this kind. */
  isOwn(key: ExtensionKey): boolean;
  /** What the layer works with; undefined: there is nothing that could. Called once for each object that may hold. */
  compile(object: O): T | undefined;
  /**
   * Whether what a consumer route names, or has attached to it, holds for its requests; else it is missing. Default true.
   */
  readonly ofConsumers?: boolean;
}

/** What is attached more widely comes first; of several at one place the oldest. Made with the plan of a target. */
export function compileHolding<O extends AdmissionObject, T>(
  options: HoldingOptions<O, T>,
): HoldingObjects<T> {
  const sorted = [...options.objects].sort(byAge);
  const compiled = new Map<ExtensionKey, T>();
  for (const object of sorted) {
    const ready = options.compile(object);
    if (ready !== undefined) compiled.set(object.key, ready);
  }
  const all = sorted.flatMap((object) => object.attachments.map((attachment) => ({ object, attachment })));
  const attached = (holds: (attachment: Attachment) => boolean): ExtensionKey[] =>
    all.filter(({ attachment }) => holds(attachment)).map(({ object }) => object.key);

  const { gateway, target, ofConsumers = true } = options;
  const always = [
    ...attached((to) => to.kind === 'waypoints' || (to.kind === 'gateway' && to.gateway === gateway)),
    ...attached((to) => isService(to, target) && to.port === undefined),
    ...attached((to) => isService(to, target) && to.port === target.port),
  ];
  const objectsOf = (keys: readonly ExtensionKey[]): readonly T[] =>
    [...new Set(keys)].flatMap((key) => compiled.get(key) ?? []);
  /** What a route says does not hold, and its requests must not go on as if it had said nothing. */
  const isRefused = (selection: RouteSelection): boolean =>
    !ofConsumers &&
    selection.kind === 'rule' &&
    target.service?.startsWith(`${selection.route.namespace}/`) !== true;
  const referencesIn = (filters: readonly HttpFilter[]) =>
    filters.flatMap((filter) =>
      filter.type === 'extension' && options.isOwn(filter.object) ? [filter] : [],
    );
  const missingOf = (named: ReturnType<typeof referencesIn>): ExtensionKey | undefined =>
    named.find(({ object, missing }) => missing || !compiled.has(object))?.object;
  const withoutRule: Holding<T> = { objects: objectsOf(always), missing: undefined };
  const byRule = new Map<HttpRule, Holding<T>>();
  const byFilters = new Map<readonly HttpFilter[], Holding<T>>();
  return {
    namedBy(filters, selection) {
      const known = byFilters.get(filters);
      if (known !== undefined) return known;
      const named = referencesIn(filters);
      const isOff = isRefused(selection);
      const holding: Holding<T> = {
        objects: isOff ? [] : objectsOf(named.map(({ object }) => object)),
        missing: isOff ? named[0]?.object : missingOf(named),
      };
      byFilters.set(filters, holding);
      return holding;
    },
    of(selection) {
      if (selection.kind !== 'rule') return withoutRule;
      const { route, rule } = selection;
      const known = byRule.get(rule);
      if (known !== undefined) return known;
      const named = referencesIn(rule.filters);
      const ofRoute = [
        ...attached((to) => isRoute(to, route.key) && to.rule === undefined),
        ...attached((to) => isRoute(to, route.key) && to.rule === rule.name && rule.name !== ''),
        ...named.map(({ object }) => object),
      ];
      const isOff = isRefused(selection);
      const holding: Holding<T> = {
        objects: objectsOf(isOff ? always : [...always, ...ofRoute]),
        missing: isOff ? ofRoute[0] : missingOf(named),
      };
      byRule.set(rule, holding);
      return holding;
    },
  };
}

function isService(
  attachment: Attachment,
  { service }: PlanTarget,
): attachment is Extract<Attachment, { readonly kind: 'service' }> {
  return attachment.kind === 'service' && attachment.service === service;
}

function isRoute(
  attachment: Attachment,
  route: RouteKey,
): attachment is Extract<Attachment, { readonly kind: 'route' }> {
  return attachment.kind === 'route' && attachment.route === route;
}

function byAge(a: AdmissionObject, b: AdmissionObject): number {
  if (a.createdMs !== b.createdMs) return a.createdMs < b.createdMs ? -1 : 1;
  return a.key < b.key ? -1 : 1;
}
