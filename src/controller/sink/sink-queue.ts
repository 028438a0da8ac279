// Long, but one thing: what is pending, running and written last must change together.
import { isDeepStrictEqual } from 'node:util';
import {
  type Clock,
  type Closable,
  causeOf,
  createBackoff,
  type Logger,
  MeshError,
  silentLogger,
  sleep,
  systemClock,
} from '../../base/index.ts';
import { type Leadership, soleLeader } from '../leadership/index.ts';
import type { ControllerSink, ObjectNotice, PodAnnotations } from './controller-sink.ts';
import { KubernetesError, type MissingRight } from '../kubernetes/index.ts';
import type { ObjectManifest, ObjectReference } from './object-manifest.ts';
import { objectName, type ObjectStatus } from './object-status.ts';
import { findStale } from './find-stale.ts';
import { createHeldEvents } from './held-events.ts';
import { createRefusedWrites } from './refused-writes.ts';
import { createStatusBacklog } from './status-backlog.ts';
import { createWriteSlots } from './write-slots.ts';

/** Where things are written, and whether this replica is the one that writes. */
export interface SinkQueueOptions {
  readonly sink: ControllerSink;
  /** Default: there is no other replica. */
  readonly leadership?: Leadership;
  readonly clock?: Clock;
  readonly log?: Logger;
}

/**
 * Writes until it has succeeded. Of several writes to one thing only the newest counts, so what is written at last is
 * what was asked for at last. What the controller has no right to write waits for the right. Closing gives up what is not written yet: the next controller finds out for itself.
 *
 * Beside a leader nothing is written, but it is known what would be: on taking over, every status is looked at, many at once
 * where the sink can, and written where it is not as it should be, the newest first, and what happened since the last leader fell silent is told. Objects are not: whoever
 * wants them asks again.
 */
export interface SinkQueue extends Closable {
  /** Resolves when nothing is left to write to that pod: written, overtaken by a newer write, or given up. */
  annotatePod(change: PodAnnotations): Promise<void>;
  /** Nothing is written when the writer wrote the same before. */
  setStatus(change: ObjectStatus): void;
  /** The object is gone: should it come back, its status is written anew by this writer. */
  forgetStatus(object: Pick<ObjectStatus, 'kind' | 'namespace' | 'name' | 'writer'>): void;
  /** Another object has come in the place of the one of this name: what its status says is written again, by all writers. */
  repeatStatus(object: Pick<ObjectStatus, 'kind' | 'namespace' | 'name'>): void;
  recordEvent(event: ObjectNotice): void;
  applyObject(manifest: ObjectManifest): void;
  deleteObject(object: ObjectReference): void;
  /** How many things wait to be written. */
  readonly waiting: number;
  /** Resolves when nothing waits. */
  idle(): Promise<void>;
}

type Write = (signal: AbortSignal) => Promise<void>;

/** Does not own the sink. */
export function createSinkQueue(options: SinkQueueOptions): SinkQueue {
  const { sink, leadership = soleLeader, clock = systemClock, log = silentLogger } = options;
  const pending = new Map<string, Write>();
  const running = new Map<string, Promise<void>>();
  /** What was written last, by object and by writer. */
  const written = new Map<string, Map<string, ObjectStatus>>();
  const slots = createWriteSlots(MOST_AT_ONCE);
  const heldEvents = createHeldEvents(clock);
  const refused = createRefusedWrites({ clock, log });
  const backlog = createStatusBacklog({ write: startStatus, atOnce: MOST_OF_BACKLOG });
  const stop = new AbortController();
  /** Aborted with the end of the time in which this replica leads. */
  let term = new AbortController();
  let events = 0;
  let eventsWaiting = 0;

  const unsubscribe = leadership.changes.subscribe((leading) => {
    if (leading) takeOver();
    else {
      term.abort(new Error('this replica leads no more'));
      pending.clear();
      backlog.clear();
    }
  });

  function takeOver(): void {
    term = new AbortController();
    const work = catchUp(AbortSignal.any([stop.signal, term.signal])).finally(() => {
      if (running.get(CATCH_UP) === work) running.delete(CATCH_UP);
    });
    running.set(CATCH_UP, work);
    for (const event of heldEvents.take()) writeEvent(event);
  }

  /** Most of what this replica would have written the leader before it has. */
  async function catchUp(signal: AbortSignal): Promise<void> {
    // What was said last is most likely what nobody has written.
    const changes = [...written.values()].reverse().flatMap((writers) => [...writers.values()]);
    const stale = await findStale(sink, changes, { signal, clock, log });
    for (const change of stale.toReversed()) {
      // Else something newer has been written meanwhile.
      if (written.get(objectName(change))?.get(change.writer) === change) backlog.add(change);
    }
  }

  function enqueue(key: string, write: Write): Promise<void> {
    if (stop.signal.aborted || !leadership.leading) return Promise.resolve();
    pending.set(key, write);
    const before = running.get(key);
    if (before !== undefined) return before;
    const work = drain(key);
    running.set(key, work);
    return work;
  }

  async function drain(key: string): Promise<void> {
    const signal = AbortSignal.any([stop.signal, term.signal]);
    const backoff = createBackoff({ initialMs: 50, maximumMs: 5_000, jitter: 0.2 });
    let right: MissingRight | undefined;
    for (let write = pending.get(key); write !== undefined; write = pending.get(key)) {
      try {
        await slots.run(async () => {
          // It may have waited for longer than this replica led.
          if (!signal.aborted && leadership.leading) await write(signal);
        });
        if (signal.aborted) break;
        // A newer write may have come meanwhile; then it is its turn.
        if (pending.get(key) === write) pending.delete(key);
        backoff.reset();
        if (right !== undefined) refused.given(right);
      } catch (error) {
        if (signal.aborted) break;
        right = refused.note(error);
        const isGivenUp = right === undefined ? !isRetryable(error) : isEvent(key);
        if (isGivenUp) {
          if (right === undefined) log.warn('write given up', { key, error });
          if (pending.get(key) === write) pending.delete(key);
          continue;
        }
        if (right === undefined) log.warn('write will be tried again', { key, error });
        // A wait that is broken off means that the queue closes, or that somebody else leads now.
        const wait = right === undefined ? sleep(clock, backoff.next(), signal) : refused.wait(right, signal);
        await wait.catch(() => undefined);
        if (signal.aborted) break;
      }
    }
    // Both in one turn: a write that comes later finds nobody at work and starts anew.
    if (signal.aborted && pending.has(key) && !stop.signal.aborted) return again(key);
    pending.delete(key);
    running.delete(key);
  }

  /** What came for the key after this replica had led no more, and leads again. */
  function again(key: string): Promise<void> {
    const work = drain(key);
    running.set(key, work);
    return work;
  }

  function writeEvent(event: ObjectNotice): void {
    if (eventsWaiting >= MOST_EVENTS) return;
    events += 1;
    eventsWaiting += 1;
    void enqueue(`${EVENT}${events}`, (signal) => sink.recordEvent(event, signal)).finally(() => {
      eventsWaiting -= 1;
    });
  }

  function writeStatus(change: ObjectStatus): void {
    if (stop.signal.aborted || !leadership.leading) return;
    if (running.size >= MOST_RUNNING && !running.has(statusKey(change))) backlog.add(change);
    else {
      backlog.drop(change);
      void startStatus(change);
    }
  }

  /** Resolves when it is done, or waits for a right that others may not need. */
  async function startStatus(change: ObjectStatus): Promise<void> {
    const forbidden = Promise.withResolvers<void>();
    const done = enqueue(statusKey(change), async (signal) => {
      try {
        await sink.setStatus(change, signal);
      } catch (error) {
        if (isForbidden(error)) forbidden.resolve();
        else if (!signal.aborted && !isRetryable(error)) forget(change);
        throw error;
      }
    });
    await Promise.race([done, forbidden.promise]);
  }

  function forget(object: Pick<ObjectStatus, 'kind' | 'namespace' | 'name' | 'writer'>): void {
    const writers = written.get(objectName(object));
    writers?.delete(object.writer);
    if (writers?.size === 0) written.delete(objectName(object));
  }

  return {
    get waiting() {
      return pending.size + backlog.size;
    },
    annotatePod(change) {
      const key = `pod ${change.namespace}/${change.name}`;
      return enqueue(key, (signal) => sink.annotatePod(change, signal));
    },
    setStatus(change) {
      const key = objectName(change);
      const writers = written.get(key) ?? new Map<string, ObjectStatus>();
      if (isDeepStrictEqual(writers.get(change.writer), change)) return;
      written.delete(key);
      written.set(key, writers.set(change.writer, change));
      writeStatus(change);
    },
    forgetStatus: forget,
    repeatStatus(object) {
      for (const change of written.get(objectName(object))?.values() ?? []) writeStatus(change);
    },
    recordEvent(event) {
      if (leadership.leading) writeEvent(event);
      else heldEvents.hold(event);
    },
    applyObject(manifest) {
      void enqueue(objectKeyOf(manifest), (signal) => sink.applyObject(manifest, signal));
    },
    deleteObject(object) {
      void enqueue(objectKeyOf(object), (signal) => sink.deleteObject(object, signal));
    },
    async idle() {
      while (running.size > 0 || backlog.size > 0) await Promise.all([...running.values(), backlog.idle()]);
    },
    async close() {
      unsubscribe();
      stop.abort();
      backlog.clear();
      await Promise.all(running.values());
    },
    destroy() {
      unsubscribe();
      stop.abort();
      backlog.clear();
    },
  };
}

/** What happened hours ago is no news when somebody at last may tell it. */
function isEvent(key: string): boolean {
  return key.startsWith(EVENT);
}

function isForbidden(error: unknown): boolean {
  return causeOf(error, KubernetesError)?.missingRight !== undefined;
}

function isRetryable(error: unknown): boolean {
  return causeOf(error, MeshError)?.retryable === true;
}

function objectKeyOf({ kind, metadata }: ObjectReference): string {
  return `object ${kind} ${metadata.namespace}/${metadata.name}`;
}

function statusKey(change: Pick<ObjectStatus, 'kind' | 'namespace' | 'name' | 'writer'>): string {
  return `${objectName(change)} ${change.writer}`;
}

const EVENT = 'event ';
const CATCH_UP = 'catching up';
/** Fewer than the client of an API server lets through, so that leases and tokens never wait behind them. */
const MOST_AT_ONCE = 16;
/** Half of them, so that the other half is there for what comes meanwhile. */
const MOST_OF_BACKLOG = 8;
/** Statuses beyond, what is being written and what waits for its turn or its right, are a backlog. */
const MOST_RUNNING = 200;
/** An API server that is away must not cost more and more memory; conditions say the same, and stay. */
const MOST_EVENTS = 1_000;
