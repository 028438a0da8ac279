import { formatDurationMs } from '../../../proxy/index.ts';
import type { Duplex } from 'node:stream';
import {
  type Clock,
  type Closable,
  createBackoff,
  describeError,
  type Logger,
  sleep,
} from '../../../base/index.ts';
import type { SharedCounting } from '../../../model/index.ts';
import { BUCKET_SCRIPT, BUCKET_SCRIPT_DIGEST } from './bucket-script.ts';
import { type CounterConnection, openCounterConnection, serverError } from './counter-connection.ts';

/** Which server, and how it is reached. */
export interface CounterClientOptions {
  readonly counting: SharedCounting;
  /** Makes a connection to the server, through the mesh where it is part of it. */
  connect(server: SharedCounting['server'], signal: AbortSignal): Promise<Duplex>;
  /** The content of a file of credentials. */
  readPassword(file: string): Promise<string>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A server that counts: connected for as long as it is needed, again and again where need be. */
export interface CounterClient extends Closable {
  /**
   * Runs the script of the buckets. Rejects with a WaypointError when the server does not answer within `timeoutMs`,
   * during which a connection that is being made is waited for.
   */
  run(keys: readonly string[], parameters: readonly string[], timeoutMs: number): Promise<unknown>;
}

/** Connects with the first question. Rejects where the server does not answer; the caller decides what that means. */
export function createCounterClient(options: CounterClientOptions): CounterClient {
  const { counting, clock, log } = options;
  const backoff = createBackoff({ initialMs: 50, maximumMs: 5_000, jitter: 0.2 });
  const stop = new AbortController();
  let connection: CounterConnection | undefined;
  let connecting: Promise<CounterConnection> | undefined;
  const server = describeServer(counting);

  async function connect(): Promise<CounterConnection> {
    const limit = AbortSignal.any([stop.signal, AbortSignal.timeout(CONNECT_MS)]);
    const fresh = openCounterConnection(await options.connect(counting.server, limit), clock);
    try {
      await untilAborted(limit, authenticate(fresh));
    } catch (error) {
      fresh.destroy();
      throw error;
    }
    return fresh;
  }

  async function authenticate(fresh: CounterConnection): Promise<void> {
    const { username, passwordFile } = counting;
    if (passwordFile !== undefined) {
      const password = (await options.readPassword(passwordFile)).trimEnd();
      await fresh.send(['AUTH', ...(username === undefined ? [] : [username]), password]);
    }
    await fresh.send(['SCRIPT', 'LOAD', BUCKET_SCRIPT]);
  }

  /** Holds a connection until the client is closed. */
  async function keepConnected(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        connecting = connect();
        connection = await connecting;
        connecting = undefined;
        backoff.reset();
        log.info('counting server connected', { server });
        const error = await connection.closed;
        connection = undefined;
        if (!stop.signal.aborted) log.warn('counting server lost', { server, error });
      } catch (error) {
        connecting = undefined;
        if (!stop.signal.aborted) log.warn('counting server cannot be used', { server, error });
      }
      // Closing ends the wait, and the loop with it.
      await sleep(clock, backoff.next(), stop.signal).catch(() => undefined);
    }
  }

  async function runOn(
    ready: CounterConnection,
    keys: readonly string[],
    parameters: readonly string[],
  ): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...parameters];
    try {
      return await ready.send(['EVALSHA', BUCKET_SCRIPT_DIGEST, ...rest]);
    } catch (error) {
      // Somebody has emptied its cache of scripts (SCRIPT FLUSH, a fail-over).
      if (!describeError(error).includes('NOSCRIPT')) throw error;
      return ready.send(['EVAL', BUCKET_SCRIPT, ...rest]);
    }
  }

  const done = keepConnected();
  return {
    async run(keys, parameters, timeoutMs) {
      const ready = connection ?? connecting;
      if (ready === undefined) throw serverError(`${server} is not connected`);
      const { promise: late, reject } = Promise.withResolvers<never>();
      const timer = clock.after(timeoutMs, () => {
        // A server that hangs is left before it has everybody wait.
        if (connection !== undefined && connection.waitedMs > HUNG_MS)
          connection.destroy(new Error(`no reply within ${HUNG_MS} ms`));
        reject(serverError(`${server} did not answer within ${formatDurationMs(timeoutMs)}`));
      });
      try {
        const reply = Promise.resolve(ready).then((made) => runOn(made, keys, parameters));
        return await Promise.race([reply, late]);
      } finally {
        timer.cancel();
      }
    },
    async close() {
      stop.abort();
      connection?.destroy();
      await done;
    },
    destroy() {
      stop.abort();
      connection?.destroy();
    },
  };
}

/** `infra/valkey:6379` for a Service of the cluster, as people call it. */
function describeServer({ server }: SharedCounting): string {
  if (server.kind !== 'service') return `${server.host}:${server.port}`;
  const [namespace = '', hostname = ''] = server.service.split('/');
  const ending = hostname.indexOf(`.${namespace}.svc.`);
  return `${namespace}/${ending > 0 ? hostname.slice(0, ending) : hostname}:${server.port}`;
}

/** Rejects when the signal aborts first; whatever the work then comes to is nobody's. */
async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(serverError('not connected in time', signal.reason));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

const CONNECT_MS = 2_000;
const HUNG_MS = 1_000;
