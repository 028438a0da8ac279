import { setTimeout as wait } from 'node:timers/promises';
import type { ApiClient, LiveFeed } from '../../api/index.ts';
import type { LiveFollow, LiveMessage } from '../../../model/index.ts';

/** A dashboard, and what people call it. */
export interface TapSource {
  readonly name: string;
  readonly api: Pick<ApiClient, 'live'>;
}

/** What is followed, and who hears of it. */
export interface FollowOptions {
  readonly follow: LiveFollow;
  onMessage(message: LiveMessage): void;
  /** Something that whoever watches should know, without an end of line. */
  warn(sentence: string): void;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Until one that does not answer is asked again; default 2 seconds. */
  readonly retryMs?: number | undefined;
}

/**
 * Follows dashboards until `signal`; of several, those that answer, and the others from when they do. Rejects with the CliError of
 * one where none answers, at the beginning or any more.
 */
export async function followSources(sources: readonly TapSource[], options: FollowOptions): Promise<void> {
  const { warn, retryMs = 2_000 } = options;
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  const { promise: none, reject: haveNone } = Promise.withResolvers<never>();
  // Those of which it is not known yet whether they answer count as if they did.
  let answering = sources.length;

  async function open({ name, api }: TapSource, isFirst: boolean): Promise<LiveFeed | undefined> {
    try {
      return await api.live(options.follow, options.onMessage, signal);
    } catch (error) {
      if (isFirst && !signal.aborted) lost(name, error);
      return undefined;
    }
  }

  function lost(name: string, error: unknown): void {
    answering -= 1;
    if (answering === 0) haveNone(error);
    else warn(`${name} does not answer: the others are followed, and ${name} again as soon as it is back`);
  }

  async function keepOn(source: TapSource): Promise<void> {
    for (let feed = await open(source, true); !signal.aborted; ) {
      if (feed === undefined) {
        await wait(retryMs, undefined, { signal });
        feed = await open(source, false);
        if (feed === undefined) continue;
        answering += 1;
        warn(`${source.name} is followed again`);
      }
      const reason = await feed.over;
      feed = undefined;
      if (!signal.aborted) lost(source.name, reason);
    }
  }

  try {
    await Promise.race([none, Promise.all(sources.map(keepOn))]);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    ended.abort();
  }
}
