import {
  type Clock,
  type Closable,
  createSignal,
  type Logger,
  type Signal,
  silentLogger,
  systemClock,
} from '../../base/index.ts';
import { XdsError } from '../errors.ts';
import { type AcknowledgementOptions, createAcknowledgements } from './acknowledgements.ts';
import type { ConnectedProxy, Rejection } from './connected-proxy.ts';
import {
  createDeltaSession,
  type DeltaServerStream,
  type DeltaSession,
  type StreamPeer,
} from './delta-session.ts';
import { createOpeningGate } from './opening-gate.ts';
import { createSendBudget } from './send-budget.ts';
import { type Change, createSnapshotCache, type SnapshotCache } from './snapshot/snapshot-cache.ts';
import type { RequestOutcome, Subscription } from './subscription.ts';

/** What is served, and how much clients may take of the server's memory and patience. */
export interface DeltaServerOptions {
  /** The types that are served. Requests for others are left unanswered, as the protocol wants it. */
  readonly types: readonly string[];
  readonly clock?: Clock;
  readonly log?: Logger;
  /**
   * A response holds no more resource bytes than this; what is over follows after its acknowledgement. Default
   * 160 MiB, under the 200 MiB that proxies accept, because a stock ztunnel takes the first response for everything.
   */
  readonly maxResponseBytes?: number;
  /** Bytes of responses that sockets have not taken, over all streams, before others have to wait. Default 256 MiB. */
  readonly maxBytesUnderWay?: number;
  /** Streams that have been begun to be read and not been answered yet; others wait unread. Default 16. */
  readonly maxOpenings?: number;
  /** Names that a stream asks for, or says it holds and that do not exist, over all types. Default 200,000. */
  readonly maxNamesPerStream?: number;
  /** Of these names together. Default 32 Mi. */
  readonly maxNameCharactersPerStream?: number;
  /** A client that has not taken a response for this long is cut off. Default 60,000. */
  readonly sendTimeoutMs?: number;
  /** So is one that has taken a response and neither acknowledges nor refuses it. Default 300,000. */
  readonly answerTimeoutMs?: number;
}

/** Serves snapshots of resources to any number of delta streams. Knows no transport. */
export interface DeltaServer extends Closable {
  /** The resources of one type. Throws XdsError ERR_XDS_UNKNOWN_TYPE for one that is not served. */
  cache(typeUrl: string): SnapshotCache;
  /** Takes over one stream until it is over. Never rejects. */
  serve(stream: DeltaServerStream, peer: StreamPeer): Promise<void>;
  /**
   * Resolves true once every stream that is subscribed to the type now has acknowledged all that concerns it up to
   * `change`; false on timeout, or when one refuses the response with it. True at once without subscribers.
   */
  acknowledged(change: Change, options: AcknowledgementOptions): Promise<boolean>;
  /** The streams that are open, in the order they came. */
  proxies(): readonly ConnectedProxy[];
  /** Those of one proxy. */
  proxiesNamed(name: string): readonly ConnectedProxy[];
  readonly rejections: Signal<Rejection>;
  /** Who has connected, with the version that it says it is. */
  readonly greetings: Signal<{ readonly proxy: string; readonly version: string }>;
  /** Of each acknowledgement: milliseconds since the change that it is for. */
  readonly pushes: Signal<number>;
  /** Bytes of responses that sockets have not taken yet. */
  readonly bytesUnderWay: number;
}

/**
 * Without a resource: the caller fills the snapshots and hands in the streams. A type that stands twice throws
 * XdsError.
 */
export function createDeltaServer(options: DeltaServerOptions): DeltaServer {
  const clock = options.clock ?? systemClock;
  const log = options.log ?? silentLogger;
  const limits = {
    maxResponseBytes: options.maxResponseBytes ?? 160 * MEBIBYTE,
    maxNamesPerStream: options.maxNamesPerStream ?? 200_000,
    maxNameCharactersPerStream: options.maxNameCharactersPerStream ?? 32 * MEBIBYTE,
    sendTimeoutMs: options.sendTimeoutMs ?? 60_000,
    answerTimeoutMs: options.answerTimeoutMs ?? 300_000,
  };
  const budget = createSendBudget(options.maxBytesUnderWay ?? 256 * MEBIBYTE);
  const gate = createOpeningGate(options.maxOpenings ?? 16, clock);
  const sources = new Map(options.types.map((typeUrl) => [typeUrl, createSnapshotCache(typeUrl)]));
  if (sources.size !== options.types.length) throw duplicateType(options.types);
  const sessions = new Map<DeltaSession, Promise<void>>();
  const acknowledgements = createAcknowledgements(clock);
  const rejections = createSignal<Rejection>();
  const pushes = createSignal<number>();
  const greetings = createSignal<{ readonly proxy: string; readonly version: string }>();
  const unknownTypes = new Set<string>();
  let closed = false;

  for (const source of sources.values()) {
    source.changes.subscribe((changes) => {
      for (const session of sessions.keys()) session.note(source.typeUrl, changes);
    });
  }

  const onOutcome = (
    peer: StreamPeer,
    subscription: Subscription,
    typeUrl: string,
    outcome: RequestOutcome,
  ) => {
    acknowledgements.answered(subscription, outcome);
    if (outcome.kind !== 'rejected') return;
    const { nonce, message } = outcome;
    log.warn('discovery response rejected', { proxy: peer.id, type: typeUrl, nonce, message });
    rejections.emit({ proxy: peer.id, typeUrl, nonce, message });
  };

  /** Every proxy of a newer version asks for it. */
  const tellUnknownType = (peer: StreamPeer, typeUrl: string): void => {
    if (unknownTypes.has(typeUrl) || unknownTypes.size >= MOST_UNKNOWN_TYPES) return;
    unknownTypes.add(typeUrl);
    log.info('discovery type not served, which is said once', {
      proxy: peer.id,
      type: typeUrl.slice(0, 200),
    });
  };

  return {
    rejections,
    greetings,
    pushes,
    get bytesUnderWay() {
      return budget.bytesUnderWay;
    },
    cache(typeUrl) {
      const source = sources.get(typeUrl);
      if (source === undefined) throw unknownType(typeUrl);
      return source;
    },
    async serve(stream, peer) {
      if (closed) {
        stream.end(serverClosed());
        return;
      }
      const leave = await gate.enter();
      if (closed) {
        leave();
        stream.end(serverClosed());
        return;
      }
      const session = createDeltaSession({
        onAnswered: leave,
        onPushed: (tookMs) => pushes.emit(tookMs),
        onNode: (version) => greetings.emit({ proxy: peer.name ?? peer.id, version }),
        onUnknownType: (typeUrl) => tellUnknownType(peer, typeUrl),
        peer,
        stream,
        sources,
        budget,
        limits,
        clock,
        log,
        onOutcome: (subscription, typeUrl, outcome) => onOutcome(peer, subscription, typeUrl, outcome),
      });
      const running = session.run();
      sessions.set(session, running);
      await running;
      leave();
      sessions.delete(session);
      for (const typeUrl of sources.keys()) {
        const subscription = session.subscription(typeUrl);
        if (subscription !== undefined) acknowledgements.gone(subscription);
      }
    },
    acknowledged(change, waitOptions) {
      const subscriptions: Subscription[] = [];
      for (const session of sessions.keys()) {
        const subscription = session.subscription(change.typeUrl);
        if (subscription !== undefined) subscriptions.push(subscription);
      }
      return acknowledgements.wait(change, subscriptions, waitOptions);
    },
    proxies: () => [...sessions.keys()].map((session) => session.describe()),
    proxiesNamed: (name) =>
      [...sessions.keys()].filter(({ peer }) => peer.name === name).map((session) => session.describe()),
    async close() {
      closed = true;
      const running = [...sessions.values()];
      for (const session of sessions.keys()) session.end();
      await Promise.all(running);
    },
    destroy() {
      closed = true;
      for (const session of sessions.keys()) session.end(serverClosed());
    },
  };
}

function serverClosed(): XdsError {
  return new XdsError({
    code: 'ERR_XDS_CLOSED',
    blame: 'local',
    message: 'the discovery server is closing',
    retryable: true,
  });
}

function unknownType(typeUrl: string): XdsError {
  return new XdsError({
    code: 'ERR_XDS_UNKNOWN_TYPE',
    blame: 'local',
    message: `no resources of type ${typeUrl} are served`,
  });
}

function duplicateType(types: readonly string[]): XdsError {
  return new XdsError({
    code: 'ERR_XDS_DUPLICATE_TYPE',
    blame: 'local',
    message: `each type may be given once, got ${types.join(', ')}`,
  });
}

const MOST_UNKNOWN_TYPES = 100;
const MEBIBYTE = 1024 * 1024;
