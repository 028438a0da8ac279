import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { WebSocket } from 'ws';
import { type Clock, type Closable, systemClock } from '../../../base/index.ts';
import { type Connection, createCredentials, type KubernetesAccess } from '../credentials.ts';
import { errorOfConnection, isKubernetesError } from '../errors.ts';
import { openExchange, readAnswer } from '../http-exchange.ts';
import { createDeadline, type RequestDeadline } from '../request-deadline.ts';
import { describeTarget, pathOf, type ResourceTarget, resourceType } from '../resource.ts';
import { channelStream } from './channel-stream.ts';

/** A port of a pod, also one that listens on its loopback alone. */
export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/** Which lines of which container. */
export interface PodLogRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** So many of the last lines. Default: all that the node still has. */
  readonly tailLines?: number | undefined;
  /** Goes on with what is still to come. Default false. */
  readonly follow?: boolean | undefined;
}

/** Pods of a cluster, reached through its API server and their kubelets. */
export interface PodAccess extends Closable {
  /**
   * A connection to a port of a pod. Rejects with KubernetesError; a port that nobody listens on is only known once the
   * stream is open, and ends it with one.
   */
  dial(port: PodPort, signal?: AbortSignal): Promise<Duplex>;
  /** What a container has written. Rejects with KubernetesError. */
  log(request: PodLogRequest): Promise<Readable>;
}

/** Which cluster, as whom, and how long a connection may take. */
export interface PodAccessOptions {
  readonly access: KubernetesAccess;
  readonly clock?: Clock;
  /** For the API server and the kubelet together to open a connection. Default 15 seconds. */
  readonly timeoutMs?: number;
}

/** Nothing is sent before the first call. */
export function createPodAccess(options: PodAccessOptions): PodAccess {
  const { clock = systemClock, timeoutMs = 15_000 } = options;
  const credentials = createCredentials(options.access, clock);
  const closing = new AbortController();
  const open = new Set<Readable>();

  /** Until `close` or the stream's own end. */
  function keep<T extends Readable>(stream: T): T {
    open.add(stream);
    stream.once('close', () => open.delete(stream));
    return stream;
  }

  async function withDeadline<T>(
    what: string,
    signal: AbortSignal | undefined,
    run: (connection: Connection, deadline: RequestDeadline) => Promise<T>,
  ): Promise<T> {
    const deadline = createDeadline({ what, ms: timeoutMs, clock, signals: [closing.signal, signal] });
    try {
      return await run(await credentials.connection(), deadline);
    } catch (error) {
      if (!isKubernetesError(error, 'ERR_KUBERNETES_UNAUTHORIZED')) throw error;
      credentials.forget();
      return await run(await credentials.connection(), deadline);
    } finally {
      deadline.end();
    }
  }

  function stop(reason: Error): void {
    closing.abort(reason);
    for (const stream of open) stream.destroy();
    credentials.close();
  }

  return {
    dial({ namespace, pod, port }, signal) {
      const target = targetOf(namespace, pod, 'portforward');
      const what = `forward port ${port} of ${describeTarget({ ...target, subresource: undefined })}`;
      const path = `${pathOf(target)}?ports=${port}`;
      return withDeadline(what, signal, async (connection, deadline) =>
        keep(channelStream(await openWebSocket(connection, { what, path, signal: deadline.signal }), what)),
      );
    },
    log({ namespace, pod, container, tailLines, follow }) {
      const target = targetOf(namespace, pod, 'log');
      const what = `get ${describeTarget(target)}`;
      const query = new URLSearchParams({
        container,
        ...(tailLines === undefined ? {} : { tailLines: String(tailLines) }),
        ...(follow === true ? { follow: 'true' } : {}),
      });
      const path = `${pathOf(target)}?${query}`;
      return withDeadline(what, undefined, async (connection, deadline) => {
        // The deadline is for the head alone: a log that is followed has no end.
        const head = new AbortController();
        const giveUp = (): void => head.abort(deadline.signal.reason);
        deadline.signal.addEventListener('abort', giveUp, { once: true });
        const request = { what, method: 'GET', path, accept: '*/*', signal: head.signal } as const;
        const answer = await openExchange(connection, request);
        if (answer.statusCode !== 200) await readAnswer(request, answer);
        deadline.signal.removeEventListener('abort', giveUp);
        return keep(answer);
      });
    },
    async close() {
      stop(new Error('the client of the API server is closed'));
    },
    destroy: (cause) => stop(cause ?? new Error('the client of the API server is closed')),
  };
}

interface WebSocketRequest {
  readonly what: string;
  readonly path: string;
  readonly signal: AbortSignal;
}

/** Resolves when the kubelet has agreed, and reads nothing before somebody wants it. */
function openWebSocket(
  { server, agent, headers }: Connection,
  { what, path, signal }: WebSocketRequest,
): Promise<WebSocket> {
  const url = new URL(`${server.pathname.replace(/\/$/, '')}${path}`, server);
  url.protocol = server.protocol === 'http:' ? 'ws:' : 'wss:';
  const socket = new WebSocket(url, [PROTOCOL], {
    agent,
    headers: Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, String(value)] as const],
      ),
    ),
    perMessageDeflate: false,
    maxPayload: LARGEST_MESSAGE_BYTES,
  });
  return new Promise((resolve, reject) => {
    const giveUp = (): void => {
      reject(errorOfConnection(what, signal.reason));
      socket.terminate();
    };
    const settled = (): void => signal.removeEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
    // Stays: one that is terminated before it is open has an error to tell.
    socket.on('error', (cause) => {
      settled();
      reject(errorOfConnection(what, cause));
    });
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      readAnswer({ what, signal }, response, LARGEST_REFUSAL_BYTES)
        .then(() => Promise.reject(errorOfConnection(what, new Error('expected a WebSocket'))))
        .catch(reject)
        .finally(() => {
          settled();
          socket.terminate();
        });
    });
    socket.once('open', () => {
      settled();
      socket.pause();
      resolve(socket);
    });
  });
}

function targetOf(namespace: string, name: string, subresource: 'portforward' | 'log'): ResourceTarget {
  return { resource: PODS, namespace, name, subresource };
}

const PODS = resourceType('v1', 'pods', true);
/** The one that kubelets of any version speak. */
const PROTOCOL = 'v4.channel.k8s.io';
const LARGEST_MESSAGE_BYTES = 4 * 1024 * 1024;
const LARGEST_REFUSAL_BYTES = 64 * 1024;
