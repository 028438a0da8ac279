// Long, but one thing: one stream after another, and what must outlive each of them.
import {
  type Backoff,
  type BackoffConfig,
  causeOf,
  type Clock,
  type Closable,
  createBackoff,
  createSignal,
  describeError,
  type Logger,
  type Signal,
  silentLogger,
  sleep,
  systemClock,
} from '../../base/index.ts';
import { XdsError } from '../errors.ts';
import { type DeltaRequest, type DeltaResponse, WILDCARD, type XdsNode } from '../messages.ts';
import { createDemands, type Demands } from './demands.ts';
import type { ResourceSubscription } from './resource-subscription.ts';
import { type Termination, terminationOf } from './termination.ts';
import type { DeltaChannel, DeltaTransport } from './transport.ts';

/** What a client subscribes to, as whom, and over which kind of stream. */
export interface DeltaClientOptions {
  readonly transport: DeltaTransport;
  readonly node: XdsNode;
  readonly types: readonly ResourceSubscription[];
  /** Default 10 ms, doubling to 15 s, ±20 %; begins anew after a stream that served for a second. */
  readonly backoff?: BackoffConfig;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly random?: () => number;
}

/** `waiting` is between two attempts. */
export type DeltaClientPhase = 'idle' | 'connecting' | 'streaming' | 'waiting' | 'closed';

/** How the client stands, for readiness and metrics. A new object with each change. */
export interface DeltaClientState {
  readonly phase: DeltaClientPhase;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Required types whose first response has not been applied yet; empty: ready. */
  readonly pendingTypes: readonly string[];
  readonly lastTermination: Termination | undefined;
}

/** Bytes and number of responses, for `istio_xds_message_total` and `…_bytes_total`. */
export interface ReceivedMessage {
  readonly typeUrl: string;
  readonly resources: number;
  /** Of the resources alone. */
  readonly bytes: number;
}

/** Keeps what it subscribed to up to date, over as many streams as it takes. */
export interface DeltaClient extends Closable {
  /** Resolves when a first response of every required type has been applied; rejects when closed before. */
  readonly ready: Promise<void>;
  readonly state: DeltaClientState;
  readonly terminations: Signal<Termination>;
  readonly messages: Signal<ReceivedMessage>;
  start(): void;
  /** Name to version of what is held, to be given to `initialVersions` by the next process. */
  versions(typeUrl: string): ReadonlyMap<string, string>;
  /**
   * Asks for one resource of an on-demand type by name or alias and resolves when the answer has been applied, also
   * when it is "there is none". It is kept up to date from then on.
   */
  demand(typeUrl: string, name: string, signal?: AbortSignal): Promise<void>;
  /** Ends the interest that `demand` began. */
  release(typeUrl: string, name: string): void;
}

const DEFAULT_BACKOFF: BackoffConfig = { initialMs: 10, maximumMs: 15_000, factor: 2, jitter: 0.2 };

/** Idle until it is started; the caller closes it. Duplicate types throw XdsError. */
export function createDeltaClient(options: DeltaClientOptions): DeltaClient {
  return new ReconnectingDeltaClient(options);
}

class ReconnectingDeltaClient implements DeltaClient {
  readonly ready: Promise<void>;
  readonly terminations = createSignal<Termination>();
  readonly messages = createSignal<ReceivedMessage>();
  readonly #options: DeltaClientOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #backoff: Backoff;
  readonly #types: ReadonlyMap<string, ResourceSubscription>;
  readonly #demands = new Map<string, Demands>();
  readonly #pending: Set<string>;
  readonly #readiness = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  #phase: DeltaClientPhase = 'idle';
  #sinceMs: number;
  #lastTermination: Termination | undefined;
  #channel: DeltaChannel | undefined;
  /** Types whose first request is out on the stream; before it nothing else may be said of a type. */
  readonly #greeted = new Set<string>();
  #running: Promise<void> | undefined;

  constructor(options: DeltaClientOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? silentLogger;
    this.#backoff = createBackoff(options.backoff ?? DEFAULT_BACKOFF, options.random);
    this.#types = new Map(options.types.map((type) => [type.typeUrl, type]));
    if (this.#types.size !== options.types.length) throw duplicateType(options.types);
    for (const type of options.types)
      if (type.mode === 'on-demand') this.#demands.set(type.typeUrl, createDemands());
    this.#pending = new Set(options.types.filter((type) => type.required).map((type) => type.typeUrl));
    this.#sinceMs = this.#clock.now();
    this.ready = this.#readiness.promise;
    // Whoever does not wait for readiness must not be punished for it.
    this.ready.catch(() => undefined);
    if (this.#pending.size === 0) this.#readiness.resolve();
  }

  get state(): DeltaClientState {
    return {
      phase: this.#phase,
      sinceMs: this.#sinceMs,
      pendingTypes: [...this.#pending],
      lastTermination: this.#lastTermination,
    };
  }

  start(): void {
    if (this.#phase === 'idle') this.#running = this.#run();
  }

  versions(typeUrl: string): ReadonlyMap<string, string> {
    return this.#type(typeUrl).versions;
  }

  async demand(typeUrl: string, name: string, signal?: AbortSignal): Promise<void> {
    const demands = this.#demandsOf(typeUrl);
    if (this.#stop.signal.aborted) throw clientClosed();
    const answered = demands.answered(name, signal);
    if (demands.add(name)) this.#tell({ ...bareRequest(typeUrl), subscribe: [name] });
    await answered;
  }

  release(typeUrl: string, name: string): void {
    if (this.#demandsOf(typeUrl).remove(name)) this.#tell({ ...bareRequest(typeUrl), unsubscribe: [name] });
  }

  async close(): Promise<void> {
    this.destroy();
    await this.#running;
  }

  destroy(cause: Error = clientClosed()): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(cause);
    this.#enter('closed');
    this.#channel?.close();
    this.#readiness.reject(cause);
    for (const demands of this.#demands.values()) demands.fail(cause);
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const termination = await this.#runStream();
      if (this.#stop.signal.aborted) return;
      if (causeOf(termination.error, XdsError)?.code === 'ERR_XDS_TOO_MANY_NAMES') this.#startAnew();
      this.#lastTermination = termination;
      this.terminations.emit(termination);
      const delayMs = termination.reason === 'Reconnect' ? 0 : this.#backoff.next();
      const error = termination.error === undefined ? undefined : describeError(termination.error);
      this.#log.info('discovery stream over', { reason: termination.reason, error, delayMs });
      this.#enter('waiting');
      // Aborted by destroy alone, which the loop's condition sees.
      await sleep(this.#clock, delayMs, this.#stop.signal).catch(() => undefined);
    }
  }

  /** What is asked for by name is asked for again anyway. */
  #startAnew(): void {
    const types = [...this.#types.values()].filter(
      ({ mode, versions }) => mode === 'wildcard' && versions.size > 0,
    );
    if (types.length === 0) return;
    this.#log.warn(
      'the discovery server finds what is held too much to be named: everything is asked for anew',
      {
        held: types.reduce((sum, { versions }) => sum + versions.size, 0),
      },
    );
    for (const type of types) type.startAnew();
  }

  /** Lives through one stream, from connecting to its end. Never rejects. */
  async #runStream(): Promise<Termination> {
    this.#enter('connecting');
    let servedSinceMs: number | undefined;
    try {
      const channel = await this.#options.transport.open(this.#stop.signal);
      if (this.#stop.signal.aborted) {
        channel.close();
        return terminationOf(undefined);
      }
      this.#channel = channel;
      this.#enter('streaming');
      // A send that fails shows in `responses` too; it is awaited so that a dead stream is not written to twice.
      for (const type of this.#types.values()) {
        const request = this.#firstRequest(type);
        this.#greeted.add(type.typeUrl);
        await channel.send(request);
      }
      for await (const response of channel.responses) {
        servedSinceMs ??= this.#clock.monotonic();
        await this.#answer(channel, response);
      }
      return terminationOf(undefined);
    } catch (error) {
      return terminationOf(error);
    } finally {
      // A server that hangs up right after each answer must not be dialled a hundred times a second.
      if (servedSinceMs !== undefined && this.#clock.monotonic() - servedSinceMs >= STABLE_AFTER_MS)
        this.#backoff.reset();
      this.#channel?.close();
      this.#channel = undefined;
      this.#greeted.clear();
    }
  }

  #firstRequest(type: ResourceSubscription): DeltaRequest {
    const { typeUrl, mode, versions } = type;
    const request = { ...bareRequest(typeUrl), node: this.#options.node, initialVersions: [...versions] };
    if (mode === 'wildcard') return request;
    const names = this.#demands.get(typeUrl)?.names ?? [];
    // Both at once is how a client says that it will ask by name (wire.md §2.5).
    return { ...request, subscribe: [WILDCARD, ...names], unsubscribe: [WILDCARD] };
  }

  async #answer(channel: DeltaChannel, response: DeltaResponse): Promise<void> {
    const { typeUrl, nonce } = response;
    const type = this.#types.get(typeUrl);
    const bytes = response.resources.reduce((sum, resource) => sum + resource.bytes.length, 0);
    this.messages.emit({ typeUrl, resources: response.resources.length, bytes });
    if (type === undefined) {
      await channel.send({
        ...bareRequest(typeUrl),
        responseNonce: nonce,
        rejection: `${typeUrl} was not asked for`,
      });
      return;
    }
    const rejection = await type.apply(response);
    if (this.#stop.signal.aborted) return;
    if (rejection !== undefined)
      this.#log.warn('discovery response refused', { type: typeUrl, nonce, rejection });
    this.#demands.get(typeUrl)?.settle(response);
    if (this.#pending.delete(typeUrl) && this.#pending.size === 0) this.#readiness.resolve();
    await channel.send({ ...bareRequest(typeUrl), responseNonce: nonce, rejection });
  }

  /** Sends what may be lost with the stream: each begins with the full set of names. */
  #tell(request: DeltaRequest): void {
    if (!this.#greeted.has(request.typeUrl)) return;
    this.#channel?.send(request).catch((error: unknown) => {
      this.#log.debug('discovery request not sent', { type: request.typeUrl, error: describeError(error) });
    });
  }

  #enter(phase: DeltaClientPhase): void {
    if (this.#phase === 'closed') return;
    this.#phase = phase;
    this.#sinceMs = this.#clock.now();
  }

  #type(typeUrl: string): ResourceSubscription {
    const type = this.#types.get(typeUrl);
    if (type === undefined) throw unknownType(typeUrl);
    return type;
  }

  #demandsOf(typeUrl: string): Demands {
    const demands = this.#demands.get(typeUrl);
    if (demands === undefined) throw unknownType(typeUrl);
    return demands;
  }
}

function bareRequest(typeUrl: string): DeltaRequest {
  return {
    typeUrl,
    subscribe: [],
    unsubscribe: [],
    initialVersions: [],
    responseNonce: '',
    rejection: undefined,
  };
}

function clientClosed(): XdsError {
  return new XdsError({ code: 'ERR_XDS_CLOSED', blame: 'local', message: 'the discovery client is closed' });
}

function unknownType(typeUrl: string): XdsError {
  return new XdsError({
    code: 'ERR_XDS_UNKNOWN_TYPE',
    blame: 'local',
    message: `this discovery client has no such (on-demand) type: ${typeUrl}`,
  });
}

function duplicateType(types: readonly ResourceSubscription[]): XdsError {
  return new XdsError({
    code: 'ERR_XDS_DUPLICATE_TYPE',
    blame: 'local',
    message: `each type may be given once, got ${types.map((type) => type.typeUrl).join(', ')}`,
  });
}

const STABLE_AFTER_MS = 1000;
