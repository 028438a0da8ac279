import { type Clock, type Closable, type Logger, silentLogger, systemClock } from '../../base/index.ts';
import type { ExtensionKey, Filter, GatewayKey, WaypointResource } from '../../model/index.ts';
import { compileHolding, type HoldingObjects } from '../admission/holding-objects.ts';
import type { PlanTarget } from '../plan/plan-target.ts';
import type { ResourceChange } from '../resources/resource-store.ts';
import { createBodyBudget } from './exchange/held-body.ts';
import { type FilterVisit, visitFilter } from './filter-visit.ts';
import type { FilteredRequest } from './filtered-request.ts';
import { type CallQueue, createCallQueue } from './runner/call-queue.ts';
import { createProcessKeeper, type ProcessKeeper, type ProcessLoad } from './runner/process-keeper.ts';

/** What filters come to; `filter` is `<namespace>/<name>`. */
export interface FilterMetrics {
  /** `outcome`: ok, answered, failed, timed-out, crashed, overloaded, unavailable, body-too-long. */
  called(filter: string, hook: 'request' | 'response', outcome: string): void;
  /** A process ended: closed, crashed, memory, stuck, rogue; or its module could not be loaded: broken. */
  ended(filter: string, reason: string): void;
}

/** Whose filters they are, and how much they may take. */
export interface FilterHostOptions {
  readonly gateway: GatewayKey;
  readonly metrics: FilterMetrics;
  /** Filters that run at once; further ones fail. Each is a process. Default 16. */
  readonly maximumFilters?: number | undefined;
  /** Bytes of bodies that all filters hold at once. Default 64 MiB. */
  readonly maximumHeldBytes?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly log?: Logger | undefined;
}

/** The filters of a waypoint and the processes that run them. */
export interface FilterHost extends Closable {
  /** What the control plane says, before plans are made of it. Starts and ends processes. */
  apply(change: ResourceChange): void;
  /** Which filters hold for requests to a target. */
  compile(target: PlanTarget, resources: readonly WaypointResource[]): HoldingObjects<HostedFilter>;
  /** Filters with a process in force. */
  readonly running: number;
}

/** A filter for requests to come by. */
export interface HostedFilter {
  /** The visitor must leave. */
  visit(context: FilteredRequest): FilterVisit;
}

/** Starts a process with each filter that it is told of; closing ends them all. */
export function createFilterHost(options: FilterHostOptions): FilterHost {
  const { gateway, metrics, maximumFilters = 16, maximumHeldBytes = 64 * 1024 * 1024 } = options;
  const { clock = systemClock, log = silentLogger } = options;
  const budget = createBodyBudget(maximumHeldBytes);
  const filters = new Map<string, Hosted>();

  function host(filter: Filter): Hosted {
    const name = `${filter.namespace}/${filter.name}`;
    const filterLog = log.child({ filter: name });
    const keeper = createProcessKeeper({
      clock,
      log: filterLog,
      onEnd: (reason) => metrics.ended(name, reason),
      onLog: ({ level, message, fields, dropped }) =>
        filterLog[level]('filter says', { text: message, fields, ...(dropped > 0 ? { dropped } : {}) }),
    });
    const hosted: Hosted = {
      filter,
      keeper,
      queue: createCallQueue({ keeper, clock, capacity: () => capacityOf(hosted.filter) }),
      visit: (context) =>
        visitFilter(
          {
            filter: hosted.filter,
            queue: hosted.queue,
            current: keeper.current,
            budget,
            called: (hook, outcome) => metrics.called(name, hook, outcome),
          },
          context,
        ),
    };
    return hosted;
  }

  function upsert(filter: Filter): void {
    let hosted = filters.get(filter.key);
    if (hosted === undefined) {
      hosted = host(filter);
      filters.set(filter.key, hosted);
    }
    hosted.filter = filter;
    hosted.keeper.update(isOneTooMany(filter.key) ? { missing: tooMany(maximumFilters) } : loadOf(filter));
  }

  /** Those that were there first run. */
  function isOneTooMany(key: string): boolean {
    return [...filters.keys()].indexOf(key) >= maximumFilters;
  }

  function remove(key: string): void {
    const hosted = filters.get(key);
    if (hosted === undefined) return;
    filters.delete(key);
    void closeHosted(hosted);
    // Its place is another's now.
    for (const { keeper, filter } of filters.values())
      keeper.update(isOneTooMany(filter.key) ? { missing: tooMany(maximumFilters) } : loadOf(filter));
  }

  return {
    apply({ upserts, removed }) {
      for (const name of removed) remove(name);
      for (const { resource } of upserts) if (resource.kind === 'filter') upsert(resource.filter);
    },
    compile: (target, resources) =>
      compileHolding<Filter, HostedFilter>({
        objects: resources.flatMap((resource) => (resource.kind === 'filter' ? [resource.filter] : [])),
        gateway,
        target,
        isOwn: isFilterReference,
        compile: ({ key }) => filters.get(key),
        // A filter sees requests that have been judged, and may change them.
        ofConsumers: false,
      }),
    get running() {
      return [...filters.values()].filter(({ keeper }) => keeper.current !== undefined).length;
    },
    async close() {
      await Promise.all([...filters.values()].map(closeHosted));
      filters.clear();
    },
    destroy() {
      for (const { queue, keeper } of filters.values()) {
        queue.close();
        keeper.destroy();
      }
      filters.clear();
    },
  };
}

interface Hosted extends HostedFilter {
  filter: Filter;
  readonly keeper: ProcessKeeper;
  readonly queue: CallQueue;
}

/** Requests that are on their way through it are let through. */
async function closeHosted({ keeper, queue }: Hosted): Promise<void> {
  await keeper.close();
  queue.close();
}

function loadOf({ source, config, memoryBytes, body }: Filter): ProcessLoad | { readonly missing: string } {
  if (source.kind === 'missing') return { missing: source.message };
  return { load: { source: source.text, config }, memoryBytes, maximumBodyBytes: body.maximumBytes };
}

/** Bodies of all calls at once are to take no more than a quarter of the memory that the filter has. */
function capacityOf({ body, memoryBytes }: Filter): number {
  if (!body.request && !body.response) return MOST_CALLS;
  return Math.max(1, Math.min(MOST_CALLS, Math.floor(memoryBytes / 4 / body.maximumBytes)));
}

/** Whatever is of no other kind of ours: an ExtensionRef of a kind that nobody knows is answered for here. */
function isFilterReference(key: ExtensionKey): boolean {
  return !key.startsWith('RateLimit/') && !key.startsWith('FaultInjection/');
}

function tooMany(maximum: number): string {
  return `this waypoint runs ${maximum} filters already (--max-filters)`;
}

const MOST_CALLS = 64;
