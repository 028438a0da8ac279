import { type Clock, describeError, type Logger, MeshError, type Timer } from '../../base/index.ts';
import { XdsError } from '../errors.ts';
import { type DeltaRequest, type DeltaResponse, VERSION_KEY, type XdsNode } from '../messages.ts';
import type { ConnectedProxy } from './connected-proxy.ts';
import { createNameBudget, type NameLimits } from './name-budget.ts';
import { sizeOfResources } from './snapshot/resource-blocks.ts';
import type { SendBudget } from './send-budget.ts';
import type { ResourceChange, SnapshotSource } from './snapshot/snapshot-cache.ts';
import { createSubscription, type RequestOutcome, type Subscription } from './subscription.ts';
import { createTypeProgress, type TypeProgress } from './type-progress.ts';

/** One client's stream, as the transport gives it. */
export interface DeltaServerStream {
  /** Ends when the client half-closes, throws when the stream breaks. */
  readonly requests: AsyncIterable<DeltaRequest>;
  /** Resolves when the socket has taken the response; rejects when the stream is gone. One at a time. */
  send(response: DeltaResponse): Promise<void>;
  /** Ends the stream, with a status made from the error if there is one. Idempotent. */
  end(error?: MeshError): void;
}

/** Who is at the other end, as its token says. */
export interface StreamPeer {
  /** For people: logs and `proxy-status`. */
  readonly id: string;
  /** What others call it: `ztunnel/<node>`, say. */
  readonly name?: string | undefined;
  /** Which scoped resources it sees, such as its node's name. Undefined: only those for everybody. */
  readonly audience: string | undefined;
}

/** What one stream may cost; see DeltaServerOptions. */
export interface SessionLimits extends NameLimits {
  readonly maxResponseBytes: number;
  readonly sendTimeoutMs: number;
  readonly answerTimeoutMs: number;
}

/** What a stream needs of its server. */
export interface SessionContext {
  readonly peer: StreamPeer;
  readonly stream: DeltaServerStream;
  readonly sources: ReadonlyMap<string, SnapshotSource>;
  readonly budget: SendBudget;
  readonly limits: SessionLimits;
  readonly clock: Clock;
  readonly log: Logger;
  onOutcome(subscription: Subscription, typeUrl: string, outcome: RequestOutcome): void;
  /** A type was asked for that is not served. */
  onUnknownType(typeUrl: string): void;
  /** What the proxy says of itself has arrived. */
  onNode(version: string): void;
  /** A response has been taken by the socket. */
  onAnswered(): void;
  /** Something was acknowledged so long after it had changed. */
  onPushed(tookMs: number): void;
}

/** One stream with all of its types. */
export interface DeltaSession {
  readonly peer: StreamPeer;
  subscription(typeUrl: string): Subscription | undefined;
  note(typeUrl: string, changes: readonly ResourceChange[]): void;
  describe(): ConnectedProxy;
  /** Handles requests until the stream is over. Never rejects. */
  run(): Promise<void>;
  end(error?: MeshError): void;
}

/** Sends nothing before the client's first request; ends by itself with the stream. */
export function createDeltaSession(context: SessionContext): DeltaSession {
  const { peer, stream, clock, log, limits, budget } = context;
  const tracked = new Map<string, TypeProgress>();
  const names = createNameBudget(limits);
  const connectedAtMs = clock.now();
  const pushTimesMs: number[] = [];
  let node: XdsNode | undefined;
  let lastNonce = 0;
  let ended = false;
  let sending = false;
  let scheduled = false;
  let cancelWait: (() => void) | undefined;
  /** By type: until when what was sent has to be answered. */
  const unanswered = new Map<TypeProgress, Timer>();

  const answered = (state: TypeProgress): void => {
    unanswered.get(state)?.cancel();
    unanswered.delete(state);
  };

  const end = (error?: MeshError): void => {
    if (ended) return;
    ended = true;
    cancelWait?.();
    for (const state of unanswered.keys()) answered(state);
    stream.end(error);
  };

  // Batches of one turn of the event loop become one response.
  const schedule = (): void => {
    if (scheduled || sending || ended) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      pump();
    });
  };

  const pump = (): void => {
    if (sending || ended) return;
    for (const [typeUrl, state] of tracked) {
      if (!state.subscription.ready) continue;
      if (!budget.open) {
        cancelWait?.();
        cancelWait = budget.whenOpen(schedule);
        return;
      }
      // The type goes to the back of the line, so that a busy one cannot starve the others.
      tracked.delete(typeUrl);
      tracked.set(typeUrl, state);
      void send(state);
      return;
    }
  };

  const send = async (state: TypeProgress): Promise<void> => {
    lastNonce += 1;
    const response = state.subscription.take(String(lastNonce), limits.maxResponseBytes);
    state.sent(response);
    sending = true;
    const release = budget.take(sizeOf(response));
    const timer: Timer = clock.after(limits.sendTimeoutMs, () =>
      end(slowClient(peer, 'take', limits.sendTimeoutMs)),
    );
    const { awaiting } = state.subscription;
    try {
      await stream.send(response);
      context.onAnswered();
      if (!ended && state.subscription.awaiting === awaiting) awaitAnswer(state);
    } catch (error) {
      log.debug('discovery response not sent', { proxy: peer.id, error: describeError(error) });
      end();
    } finally {
      timer.cancel();
      release();
      sending = false;
    }
    schedule();
  };

  const awaitAnswer = (state: TypeProgress): void => {
    const { answerTimeoutMs } = limits;
    unanswered.set(
      state,
      clock.after(answerTimeoutMs, () => end(slowClient(peer, 'answer', answerTimeoutMs))),
    );
  };

  const track = (typeUrl: string): TypeProgress | undefined => {
    const known = tracked.get(typeUrl);
    if (known !== undefined) return known;
    const source = context.sources.get(typeUrl);
    if (source === undefined) return undefined;
    const state = createTypeProgress(typeUrl, createSubscription(source, peer.audience, names), clock);
    tracked.set(typeUrl, state);
    return state;
  };

  const handle = (request: DeltaRequest): void => {
    if (node === undefined && request.node !== undefined) {
      node = request.node;
      context.onNode(versionOf(node));
    }
    const state = track(request.typeUrl);
    if (state === undefined) {
      // A newer proxy may know types that this controller does not: it gets no answer, as from any server.
      context.onUnknownType(request.typeUrl);
      return;
    }
    const outcome = state.subscription.handle(request);
    if (outcome.kind !== 'subscribed') answered(state);
    if (outcome.kind === 'acknowledged') {
      const tookMs = state.acknowledged(outcome.nonce);
      context.onPushed(tookMs);
      pushTimesMs.push(tookMs);
      if (pushTimesMs.length > KEPT_PUSH_TIMES) pushTimesMs.shift();
    } else if (outcome.kind === 'rejected') state.rejected(outcome.nonce, outcome.message);
    context.onOutcome(state.subscription, request.typeUrl, outcome);
    schedule();
  };

  return {
    peer,
    end,
    subscription: (typeUrl) => tracked.get(typeUrl)?.subscription,
    note(typeUrl, changes) {
      const state = tracked.get(typeUrl);
      if (state === undefined) return;
      state.subscription.note(changes);
      state.changed();
      schedule();
    },
    describe() {
      const types = [...tracked.values()].map((state) => state.describe());
      const { id, audience, name = '' } = peer;
      const said = { nodeId: node?.id ?? '', version: versionOf(node) };
      return { id, audience, name, ...said, connectedAtMs, types, pushTimesMs };
    },
    async run() {
      try {
        for await (const request of stream.requests) {
          if (ended) break;
          handle(request);
        }
        end();
      } catch (error) {
        log.debug('discovery stream ended', { proxy: peer.id, error: describeError(error) });
        end(error instanceof MeshError ? error : undefined);
      }
    },
  };
}

function versionOf(node: XdsNode | undefined): string {
  return (node?.metadata[VERSION_KEY] ?? '').slice(0, LONGEST_VERSION);
}

function sizeOf(response: DeltaResponse): number {
  let bytes = sizeOfResources(response.resources);
  for (const block of response.blocks ?? []) bytes += block.bytes;
  for (const name of response.removed) bytes += name.length;
  return bytes;
}

function slowClient(peer: StreamPeer, failedTo: 'take' | 'answer', timeoutMs: number): XdsError {
  return new XdsError({
    code: 'ERR_XDS_SLOW_CLIENT',
    blame: 'downstream',
    message: `${peer.id} did not ${failedTo} a discovery response within ${timeoutMs} ms`,
    retryable: true,
  });
}

const LONGEST_VERSION = 64;
const KEPT_PUSH_TIMES = 100;
