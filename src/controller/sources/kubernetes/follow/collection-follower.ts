import { type Clock, createBackoff, type Logger, sleep } from '../../../../base/index.ts';
import {
  describeTarget,
  isKubernetesError,
  listPages,
  type KubernetesApi,
  type KubernetesObject,
  type ResourceType,
  type WatchEvent,
} from '../../../kubernetes/index.ts';
import { isOlder, newerOf } from '../resource-version.ts';
import type { FollowSettings } from './settings.ts';

/** Keeps up with one collection, whatever the API server does, until it is closed. */
export interface CollectionFollower {
  readonly counts: FollowCounts;
  /** Begins with a list again, whatever was known. */
  listAgain(): void;
  /** Nothing is delivered any more once it resolves. */
  close(): Promise<void>;
}

/** How hard it was to keep up. */
export interface FollowCounts {
  readonly lists: number;
  /** Watches that were opened after the first. */
  readonly restarts: number;
  /** When the API server last said anything, in milliseconds since the epoch; 0: never. */
  readonly heardMs: number;
}

/** Where what is found goes. */
export interface FollowTarget {
  beginList(): { add(page: readonly KubernetesObject[]): void; complete(): void };
  apply(event: WatchEvent): void;
  /** Something was listed or applied. */
  onChange(how: 'listed' | 'watched'): void;
  /** Undefined: all is well. An error is told again whenever it occurs. */
  onState(error: unknown): void;
}

/** Which collection is followed, and where what is found goes. */
export interface CollectionFollowerOptions {
  readonly api: KubernetesApi;
  readonly resource: ResourceType;
  readonly metadataOnly: boolean;
  readonly fieldSelector: string | undefined;
  readonly settings: FollowSettings;
  readonly target: FollowTarget;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Begins at once, and goes on until it is closed: nothing that the API server does ends it. */
export function followCollection(options: CollectionFollowerOptions): CollectionFollower {
  const { api, resource, settings, target, clock, random } = options;
  const collection = { resource };
  const selectors = { metadataOnly: options.metadataOnly, fieldSelector: options.fieldSelector };
  const log = options.log.child({ resource: describeTarget(collection) });
  const stop = new AbortController();
  const { signal } = stop;
  const { initial, maximum } = settings.retryMs;
  const backoff = createBackoff({ initialMs: initial, maximumMs: maximum, jitter: JITTER }, random);
  const counts = { lists: 0, restarts: 0, heardMs: 0 };
  /** Everything up to here is known; undefined: a list must come first. */
  let version: string | undefined;
  /** The newest version that was ever known, which a list should not be older than. */
  let newest: string | undefined;
  let watched = false;
  /** The API server may have been restarted, perhaps with another past. */
  let isDoubtful = false;
  let isListWanted = false;
  /** What is listed may not be watched: it is listed again and again, and each time that goes well something is still wrong. */
  let isWatchForbidden = false;
  let watching: AbortController | undefined;

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        if (isListWanted) version = undefined;
        isListWanted = false;
        if (version !== undefined && isDoubtful) version = await unlessRestored(version);
        isDoubtful = false;
        version ??= await list();
        if (!isListWanted) version = await watch(version);
      } catch (error) {
        if (!signal.aborted && !isListWanted) await recover(error);
      }
    }
  }

  /** The whole collection, page by page. Its version. */
  async function list(): Promise<string> {
    for (let attempt = 0; ; attempt++) {
      const progress = target.beginList();
      let found = '';
      for await (const page of listPages(api, collection, {
        limit: settings.pageSize,
        mostObjects: settings.mostObjects,
        signal,
        ...selectors,
      })) {
        signal.throwIfAborted();
        counts.heardMs = clock.now();
        progress.add(page.items);
        found = page.resourceVersion;
      }
      if (newest !== undefined && isOlder(found, newest) && attempt < settings.staleLists) {
        // Some replica of the API server is behind. One that stays behind has lost what we know: then it is the truth.
        log.debug('list is older than what is known', { found, newest, attempt });
        await sleep(clock, backoff.next(), signal);
        continue;
      }
      newest = found;
      counts.lists++;
      progress.complete();
      target.onChange('listed');
      if (!isWatchForbidden) target.onState(undefined);
      return found;
    }
  }

  /** Follows from a version until the watch ends in good order. The version from which to go on; undefined: from a list. */
  async function watch(from: string): Promise<string | undefined> {
    signal.throwIfAborted();
    const openedMs = clock.monotonic();
    const timeoutSeconds = Math.ceil(settings.watchSeconds * (1 + random()));
    const isEarly = (): boolean => clock.monotonic() - openedMs < timeoutSeconds * 1000 * EARLY;
    let isFromBefore = false;
    let isSilent = true;
    version = from;
    watching = new AbortController();
    await api.watch(collection, {
      ...selectors,
      resourceVersion: from,
      timeoutSeconds,
      graceMs: settings.watchGraceMs,
      silenceMs: settings.silenceMs,
      signal: watching.signal,
      onOpen() {
        if (watched) counts.restarts++;
        watched = true;
        isWatchForbidden = false;
        target.onState(undefined);
      },
      onEvents(events) {
        if (signal.aborted) return;
        if (isSilent) backoff.reset();
        isSilent = false;
        counts.heardMs = clock.now();
        for (const event of events) {
          const { resourceVersion } = event.object.metadata;
          if (resourceVersion === undefined) continue;
          // A bookmark says how far the API server is. Behind us, it has begun to count anew.
          if (event.type === 'BOOKMARK' && isOlder(resourceVersion, from)) isFromBefore = true;
          version = newerOf(resourceVersion, version ?? from);
          target.apply(event);
        }
        newest = version;
        target.onChange('watched');
      },
    });
    if (isFromBefore) return undefined;
    if (!isEarly()) {
      backoff.reset();
      return version;
    }
    // Somebody closed it before its time, as an API server does that is restarted.
    isDoubtful = true;
    if (isSilent) await sleep(clock, backoff.next(), signal);
    return version;
  }

  /** The version, if the API server still counts in the same line; otherwise undefined. */
  async function unlessRestored(known: string): Promise<string | undefined> {
    const page = await api.list(collection, { limit: 1, signal, ...selectors });
    return isOlder(page.resourceVersion, known) ? undefined : known;
  }

  async function recover(error: unknown): Promise<void> {
    log.debug('collection cannot be followed', { error });
    // An old version costs a list and is no trouble, unless it happens again and again.
    const isGone = isKubernetesError(error, 'ERR_KUBERNETES_GONE');
    isWatchForbidden = isKubernetesError(error) && error.missingRight?.verb === 'watch';
    if (isGone || isWatchForbidden || isKubernetesError(error, 'ERR_KUBERNETES_INVALID')) version = undefined;
    if (!isGone) target.onState(error);
    isDoubtful = true;
    // It rejects when we are closed, and then there is nothing to wait for.
    await sleep(clock, delayAfter(error), signal).catch(ignore);
  }

  function delayAfter(error: unknown): number {
    if (isKubernetesError(error, 'ERR_KUBERNETES_FORBIDDEN'))
      return settings.forbiddenRetryMs * (1 + JITTER * (2 * random() - 1));
    const wantedMs = isKubernetesError(error) ? (error.retryAfterMs ?? 0) : 0;
    // Spread out, so that those who were told the same do not come back together.
    return Math.max(backoff.next(), wantedMs * (1 + random() * JITTER));
  }

  const running = run();
  return {
    counts,
    listAgain() {
      isListWanted = true;
      watching?.abort(new Error('listed again'));
    },
    async close() {
      const reason = new Error('no longer followed');
      stop.abort(reason);
      watching?.abort(reason);
      await running;
    },
  };
}

function ignore(): void {
  // The loop looks at the signal itself.
}

const JITTER = 0.3;
/** A watch that lasted less than this share of its time was cut short. */
const EARLY = 0.9;
