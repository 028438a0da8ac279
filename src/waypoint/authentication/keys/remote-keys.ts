import { formatDurationMs } from '../../../proxy/index.ts';
import { type Clock, createBackoff, describeError, type Logger, type Timer } from '../../../base/index.ts';
import { discoverKeysUrl, type FetchDocument, type FetchedKeys, fetchKeys } from './fetch-keys.ts';
import type { KeySet } from './key-set.ts';
import type { KeySource } from './key-source.ts';
import { keysNotFetched, keysUnavailable } from './keys-unavailable.ts';

/** Whose keys, and where they are. */
export interface RemoteKeysOptions {
  readonly issuer: string;
  /** Undefined: where the issuer says. */
  readonly url: string | undefined;
  /** Of one attempt. */
  readonly timeoutMs: number;
  readonly fetch: FetchDocument;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Keys that are fetched, and kept up to date while somebody may want them. */
export interface RemoteKeys extends KeySource {
  status(): RemoteKeysStatus;
  /** Resolves when nothing runs any more. */
  stop(): Promise<void>;
}

/** How it stands with the keys of an issuer, for people and metrics. */
export interface RemoteKeysStatus {
  readonly issuer: string;
  readonly keys: number;
  /** Milliseconds since the epoch; undefined: never. */
  readonly fetchedMs: number | undefined;
  /** Why the last attempt failed; undefined: it did not. */
  readonly problem: string | undefined;
}

/**
 * Fetches at once, then when what was fetched is no longer fresh. When that fails the last good keys stay in use, and it is
 * tried again after longer and longer times.
 */
export function followRemoteKeys(options: RemoteKeysOptions): RemoteKeys {
  const { issuer, timeoutMs, fetch, clock, log } = options;
  const backoff = createBackoff({ initialMs: 1_000, maximumMs: 60_000, jitter: 0.2 });
  let keys: KeySet | undefined;
  let fetchedMs: number | undefined;
  let failure: unknown;
  let running: Promise<void> | undefined;
  let timer: Timer | undefined;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  const stopped = new AbortController();

  function schedule(delayMs: number): void {
    timer?.cancel();
    if (!stopped.signal.aborted) timer = clock.after(delayMs, () => void look());
  }

  /** One attempt, whoever wants it. Never rejects. */
  function look(): Promise<void> {
    running ??= attempt().finally(() => {
      running = undefined;
    });
    return running;
  }

  async function attempt(): Promise<void> {
    lookedAtMs = clock.monotonic();
    const timeout = new AbortController();
    const expiry = clock.after(timeoutMs, () =>
      timeout.abort(new Error(`no answer within ${formatDurationMs(timeoutMs)}`)),
    );
    const signal = AbortSignal.any([timeout.signal, stopped.signal]);
    try {
      const fetched = await orAborted(signal, fetchAll(signal));
      keys = fetched.keys;
      fetchedMs = clock.now();
      failure = undefined;
      backoff.reset();
      schedule(Math.min(Math.max(fetched.freshMs ?? USUAL_AGE_MS, SHORTEST_AGE_MS), LONGEST_AGE_MS));
    } catch (error) {
      if (stopped.signal.aborted) return;
      failure = error;
      const retryMs = backoff.next();
      log.warn('keys for tokens cannot be fetched', {
        issuer,
        url: options.url,
        kept: keys?.size ?? 0,
        retryMs: Math.round(retryMs),
        error: keysNotFetched(issuer, error),
      });
      schedule(retryMs);
    } finally {
      expiry.cancel();
    }
  }

  async function fetchAll(signal: AbortSignal): Promise<FetchedKeys> {
    const url = options.url ?? (await discoverKeysUrl(issuer, fetch, signal));
    return fetchKeys(url, fetch, signal);
  }

  async function current(): Promise<KeySet> {
    if (keys === undefined) await running;
    if (keys !== undefined) return keys;
    throw keysUnavailable(issuer, describeError(failure ?? 'they have not come yet'), failure);
  }

  void look();
  return {
    current,
    async refreshed() {
      // Tokens with made-up key names must not become a load for the issuer.
      if (clock.monotonic() - lookedAtMs >= BETWEEN_LOOKS_MS) await look();
      else await running;
      return current();
    },
    status: () => ({
      issuer,
      keys: keys?.size ?? 0,
      fetchedMs,
      problem: failure === undefined ? undefined : describeError(failure),
    }),
    async stop() {
      stopped.abort(new Error('keys are not followed any more'));
      timer?.cancel();
      await running;
    },
  };
}

/** Whoever fetches may not heed the signal to the last byte. */
function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

const USUAL_AGE_MS = 300_000;
const SHORTEST_AGE_MS = 60_000;
const LONGEST_AGE_MS = 3_600_000;
const BETWEEN_LOOKS_MS = 10_000;
