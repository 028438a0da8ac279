import { isDeepStrictEqual } from 'node:util';
import {
  type Clock,
  type Closable,
  createBackoff,
  createSignal,
  describeError,
  type Logger,
  type Signal,
  type Timer,
} from '../../../base/index.ts';
import { WaypointError } from '../../errors.ts';
import {
  type FilterProcess,
  type FilterProcessOptions,
  type ProcessEnd,
  startFilterProcess,
} from '../process/filter-process.ts';
import { type KeptProcess, keepProcess } from './kept-process.ts';

/** What a process is started with; another needs another process. */
export type ProcessLoad = Pick<FilterProcessOptions, 'load' | 'memoryBytes' | 'maximumBodyBytes'>;

/** Who hears of a process's lines, and of its end. */
export interface ProcessKeeperOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly onLog: FilterProcessOptions['onLog'];
  /** A process has ended, or a module could not be loaded. */
  onEnd(reason: ProcessEnd['reason'] | 'broken'): void;
}

/**
 * Keeps one process of a filter running. A new version starts beside the one in force and takes its place when it has been
 * loaded; one that cannot be loaded leaves the old in force, also after a crash of the old.
 */
export interface ProcessKeeper extends Closable {
  /** Undefined: there is no module to run, for this reason; what is in force stays so. */
  update(load: ProcessLoad | { readonly missing: string }): void;
  /** Starts another process of what is in force, because this one is worn. */
  renew(): void;
  readonly current: KeptProcess | undefined;
  /** Why there is no process and none is to be waited for. */
  readonly problem: string | undefined;
  /** One of the two above has changed. */
  readonly changes: Signal<void>;
}

/** Keeps none until it is told which; closing ends all that it has started. */
export function createProcessKeeper(options: ProcessKeeperOptions): ProcessKeeper {
  const { clock, log, onLog, onEnd } = options;
  const backoff = createBackoff({ initialMs: 50, maximumMs: 30_000, jitter: 0.2 });
  const changes = createSignal<void>();
  const alive = new Set<KeptProcess>();
  const starting = new Set<Promise<void>>();
  const stop = new AbortController();
  let current: KeptProcess | undefined;
  let problem: string | undefined;
  let wanted: ProcessLoad | { readonly missing: string } | undefined;
  /** What the last process that was loaded was started with. */
  let good: ProcessLoad | undefined;
  let isStarting = false;
  /** Of the newest start; older ones have lost their meaning. */
  let attempt = 0;
  let restart: Timer | undefined;
  let failures = 0;
  let isClosed = false;

  function start(load: ProcessLoad): void {
    restart?.cancel();
    attempt += 1;
    isStarting = true;
    const own = attempt;
    const isOutdated = (): boolean => isClosed || own !== attempt;
    const started = startFilterProcess({ ...load, clock, onLog, signal: stop.signal }).then(
      (fresh) => (isOutdated() ? fresh.close() : adopt(fresh, load)),
      (error: unknown) => {
        if (!isOutdated()) notStarted(load, error);
      },
    );
    starting.add(started);
    void started.finally(() => starting.delete(started));
  }

  function adopt(fresh: FilterProcess, load: ProcessLoad): void {
    const before = current;
    const kept = keepProcess(fresh, clock);
    const sinceMs = clock.monotonic();
    isStarting = false;
    good = load;
    current = kept;
    problem = undefined;
    alive.add(kept);
    void fresh.ended.then((end) => ended(kept, end, clock.monotonic() - sinceMs));
    void before?.retire();
    const { network, processes } = fresh.apart;
    log.info('filter in force', { ownNetwork: network, ownProcesses: processes });
    changes.emit();
  }

  function notStarted(load: ProcessLoad, error: unknown): void {
    isStarting = false;
    const isBroken = error instanceof WaypointError && error.code === 'ERR_WAYPOINT_FILTER_BROKEN';
    onEnd(isBroken ? 'broken' : 'crashed');
    const message = describeError(error);
    log.error('filter cannot be loaded', {
      problem: message,
      oldInForce: good !== undefined && good !== load,
    });
    if (current !== undefined) return;
    if (isBroken && good !== undefined && good !== load) start(good);
    else if (isBroken) fail(message);
    else tryAgain(message);
  }

  function ended(kept: KeptProcess, { reason, message }: ProcessEnd, livedMs: number): void {
    alive.delete(kept);
    onEnd(reason);
    if (kept !== current || isClosed) return;
    current = undefined;
    log.warn('filter ended', { reason, problem: message, livedMs: Math.round(livedMs) });
    if (livedMs > HEALTHY_MS) {
      failures = 0;
      backoff.reset();
    }
    if (!isStarting) tryAgain(message);
    changes.emit();
  }

  function tryAgain(message: string): void {
    const load = good ?? (wanted !== undefined && 'load' in wanted ? wanted : undefined);
    if (load === undefined) {
      fail(message);
      return;
    }
    failures += 1;
    restart = clock.after(backoff.next(), () => start(load));
    // The first times it is waited for; then requests are told at once.
    if (failures > QUIET_FAILURES) fail(`it ends again and again: ${message}`);
  }

  function fail(message: string): void {
    problem = message;
    changes.emit();
  }

  return {
    changes,
    get current() {
      return current;
    },
    get problem() {
      if (isClosed && current?.isAlive !== true) return 'the filter is not there any more';
      return current === undefined ? problem : undefined;
    },
    update(next) {
      if (isDeepStrictEqual(next, wanted)) return;
      wanted = next;
      failures = 0;
      backoff.reset();
      if ('load' in next) {
        problem = undefined;
        start(next);
        return;
      }
      log.error('filter has no source', { problem: next.missing, oldInForce: good !== undefined });
      // Whatever is being started is what nobody wants any more.
      attempt += 1;
      isStarting = false;
      if (current === undefined && good === undefined) fail(next.missing);
      else if (current === undefined && good !== undefined) start(good);
    },
    renew() {
      if (good !== undefined && !isStarting) start(good);
    },
    async close() {
      isClosed = true;
      restart?.cancel();
      stop.abort();
      // Requests that are on their way through it come back to it.
      await Promise.all([...starting, current?.retire(), ...[...alive].map((kept) => kept.process.ended)]);
    },
    destroy() {
      isClosed = true;
      restart?.cancel();
      stop.abort();
      for (const kept of alive) kept.process.destroy();
    },
  };
}

const HEALTHY_MS = 30_000;
const QUIET_FAILURES = 2;
