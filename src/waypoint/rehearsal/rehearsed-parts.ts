import { silentLogger } from '../../base/index.ts';
import { boundServiceName, serviceKey, type WaypointResource } from '../../model/index.ts';
import { compileHolding } from '../admission/holding-objects.ts';
import { parseKeySet } from '../authentication/keys/index.ts';
import { inlineKeys, type KeySource } from '../authentication/keys/key-source.ts';
import { keysUnavailable } from '../authentication/keys/keys-unavailable.ts';
import type { KeyRule } from '../authentication/keys/index.ts';
import { createFaultInjector } from '../faults/fault-injector.ts';
import type { HostedFilter } from '../filter/filter-host.ts';
import type { WaypointSelf } from '../listener/dialled-target.ts';
import { createOwnWorkload } from '../own-workload.ts';
import { createPlanCompiler, type PlanParts } from '../plan/compile-plan.ts';
import { createPlanStore, type PlanStore } from '../plan/plan-store.ts';
import { settleHere } from '../rate-limit/claim.ts';
import { createRateLimiter, type RateLimiter } from '../rate-limit/rate-limiter.ts';
import { createResourceStore, type ResourceStore } from '../resources/resource-store.ts';
import { NO_UPSTREAM_EVENTS } from '../upstream/upstream-events.ts';
import { createUpstreams, type Upstreams } from '../upstream/upstreams.ts';
import type { FaultInjector } from '../faults/fault-injector.ts';
import type { RehearsalWorld } from './rehearsal.ts';
import type { SkippingClock } from './skipping-clock.ts';

/** What a waypoint is made of, as far as it decides. */
export interface RehearsedParts {
  readonly self: WaypointSelf;
  readonly resources: ResourceStore;
  readonly plans: PlanStore;
  readonly upstreams: Upstreams;
  readonly rateLimiter: RateLimiter;
  readonly faults: FaultInjector;
  destroy(): void;
}

/**
 * The parts of createWaypointProxy that decide, fed by hand. Counters of servers have room, filters pass everything on, and
 * faults that are not for every request do not happen: whatever holds for a request is told beside.
 */
export function createRehearsedParts(world: RehearsalWorld, clock: SkippingClock): RehearsedParts {
  const { gateway, view, network, clusterDomain } = world;
  const [namespace = '', name = ''] = gateway.split('/');
  const resources = createResourceStore(gateway);
  const self: WaypointSelf = {
    gateway,
    namespace,
    hostname: `${name}.${namespace}.svc.${clusterDomain}`,
    network,
    isTold(service) {
      const { namespace: inNamespace, hostname } = service ?? self;
      return resources.get(boundServiceName(serviceKey(inNamespace, hostname))) !== undefined;
    },
  };
  const rateLimiter = createRateLimiter({
    gateway,
    shared: {
      idOf: ({ server }) => JSON.stringify(server),
      take: async (_counting, claims, nowMs) => settleHere(claims, nowMs),
      keepOnly: ignore,
      close: async () => ignore(),
      destroy: ignore,
    },
    metrics: { limited: ignore, unchecked: ignore, overflowed: ignore },
    clock,
  });
  const faults = createFaultInjector({ gateway, metrics: { injected: ignore }, random: () => NEVER, clock });
  const filters: PlanParts['filters'] = {
    compile: (target, told) =>
      compileHolding({
        objects: told.flatMap((one) => (one.kind === 'filter' ? [one.filter] : [])),
        gateway,
        target,
        isOwn: (key) => key.startsWith('Filter/'),
        compile: ({ key }) => passingFilter(key),
        ofConsumers: false,
      }),
  };
  const upserts = [...world.resources];
  rateLimiter.apply({ upserts, removed: [] });
  faults.apply({ upserts, removed: [] });
  resources.apply({ upserts, removed: [] });
  const keys = { sourceFor: (rule: KeyRule) => keySource(rule, world) };
  const plans = createPlanStore(
    resources,
    createPlanCompiler(gateway, { rateLimiter, faults, filters, keys, log: silentLogger }),
  );
  const upstreams = createUpstreams({
    view,
    network,
    self: createOwnWorkload(view, serviceKey(namespace, self.hostname), new Set()),
    dial: () => Promise.reject(new Error('a rehearsal dials nobody')),
    connectHttp() {
      throw new Error('a rehearsal connects to nobody');
    },
    clock,
    random: () => 0,
    events: NO_UPSTREAM_EVENTS,
    maximumIdleConnections: 0,
  });
  return {
    self,
    resources,
    plans,
    upstreams,
    rateLimiter,
    faults,
    destroy() {
      plans.close();
      rateLimiter.destroy();
      upstreams.destroy();
    },
  };
}

/** Which filters a resource store's filter is, by its key. */
const named = new WeakMap<HostedFilter, string>();

/** `Filter <namespace>/<name>`, of one that a rehearsal made. */
export function filterName(filter: HostedFilter): string {
  return named.get(filter) ?? 'Filter';
}

function passingFilter(key: string): HostedFilter {
  const filter: HostedFilter = {
    visit: () => ({
      onRequest: async (request) => ({ kind: 'request', request }),
      onResponse: async (response) => response,
      leave: ignore,
    }),
  };
  named.set(filter, key.replace('/', ' '));
  return filter;
}

function keySource(rule: KeyRule, { keysOf }: RehearsalWorld): KeySource {
  const { issuer, keys } = rule;
  const text = keys.kind === 'inline' ? keys.jwks : keysOf?.(rule as Parameters<typeof keysOf>[0]);
  if (text !== undefined) return inlineKeys(issuer, parseKeySet(text));
  const unknown = async (): Promise<never> => {
    throw keysUnavailable(issuer, 'they are fetched by the running waypoint, and not from here');
  };
  return { current: unknown, refreshed: unknown };
}

/** Of all resources those of one kind. */
export function resourcesOf<Kind extends WaypointResource['kind']>(
  resources: readonly WaypointResource[],
  kind: Kind,
): readonly Extract<WaypointResource, { readonly kind: Kind }>[] {
  return resources.filter(
    (resource): resource is Extract<WaypointResource, { readonly kind: Kind }> => resource.kind === kind,
  );
}

function ignore(): void {
  // A rehearsal counts nothing.
}

/** Below 1, so that only what happens to every request happens. */
const NEVER = 1 - Number.EPSILON;
