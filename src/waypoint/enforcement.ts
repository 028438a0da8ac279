import { type Clock, type Closable, createClosableStack, type Logger } from '../base/index.ts';
import type { GatewayKey } from '../model/index.ts';
import type { AdmissionMetrics } from '../telemetry/index.ts';
import { createKeyStore, type FetchDocument, type KeyStore } from './authentication/keys/index.ts';
import { createFaultInjector, type FaultInjector } from './faults/fault-injector.ts';
import { createFilterHost, type FilterHost } from './filter/filter-host.ts';
import type { WaypointConfig } from './config/index.ts';
import type { ConnectTo } from './own-calls/connect-to.ts';
import { createRateLimiter, type RateLimiter } from './rate-limit/rate-limiter.ts';
import { createSharedCounters } from './rate-limit/shared/create-shared-counters.ts';
import type { ResourceChange, ResourceStore } from './resources/resource-store.ts';

/** What limits, faults, filters and keys need of the waypoint. */
export interface EnforcementDeps {
  readonly resources: ResourceStore;
  readonly metrics: AdmissionMetrics;
  readonly connectTo: ConnectTo;
  readonly fetchDocument: FetchDocument;
  /** Undefined: there is none. */
  readonly credentialsDirectory: string | undefined;
  readonly memory: Pick<WaypointConfig['memory'], 'maxRateLimitKeys' | 'maxFilters' | 'maxFilterBodyBytes'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
}

/** What judges requests and remembers something of them, or of others, from one plan to the next. */
export interface Enforcement extends Closable {
  readonly rateLimiter: RateLimiter;
  readonly faults: FaultInjector;
  readonly filters: FilterHost;
  readonly keys: KeyStore;
  /** What the control plane says, which `resources` learn behind all that plans refer to. */
  apply(change: ResourceChange): void;
}

/** Follows the resources from now on; the caller closes it. */
export function createEnforcement(gateway: GatewayKey, deps: EnforcementDeps): Enforcement {
  const { resources, metrics, connectTo, credentialsDirectory, memory, clock, log, random } = deps;
  const owned = createClosableStack();
  const rateLimiter = owned.own(
    createRateLimiter({
      gateway,
      shared: createSharedCounters({ connect: connectTo, credentialsDirectory, clock, log }),
      metrics: metrics.rateLimits,
      maximumKeys: memory.maxRateLimitKeys,
      clock,
      log,
    }),
  );
  const faults = createFaultInjector({ gateway, metrics: metrics.faults, random, clock, log });
  const filters = owned.own(
    createFilterHost({
      gateway,
      metrics: metrics.filters,
      maximumFilters: memory.maxFilters,
      maximumHeldBytes: memory.maxFilterBodyBytes,
      clock,
      log,
    }),
  );
  const keys = owned.own(createKeyStore({ fetch: deps.fetchDocument, clock, log }));
  return {
    rateLimiter,
    faults,
    filters,
    keys,
    apply(change) {
      rateLimiter.apply(change);
      faults.apply(change);
      filters.apply(change);
      resources.apply(change);
      if (concernsKeys(change)) keys.follow(jwtRules(resources));
    },
    close: () => owned.close(),
    destroy: (cause) => owned.destroy(cause),
  };
}

function concernsKeys({ upserts, removed }: ResourceChange): boolean {
  return upserts.some(({ resource }) => resource.kind === 'authentication') || removed.length > 0;
}

function jwtRules(resources: ResourceStore) {
  return [...resources.all()].flatMap((resource) =>
    resource.kind === 'authentication' ? resource.authentication.rules : [],
  );
}
