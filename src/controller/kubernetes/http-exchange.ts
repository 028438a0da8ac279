import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { errnoOf } from '../../base/index.ts';
import type { Connection } from './credentials.ts';
import { errorOfAnswer, errorOfConnection, errorOfStatus, type KubernetesError } from './errors.ts';
import { isRecord } from './kubernetes-object.ts';

/** One request to an API server. */
export interface HttpRequest {
  /** `list pods`: begins every message. */
  readonly what: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly accept: string;
  readonly contentType?: string;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** Sends a request and resolves with the head of its answer, whatever its status. Rejects where there was none. */
export function openExchange(connection: Connection, request: HttpRequest): Promise<IncomingMessage> {
  return exchange(connection, request, true);
}

async function exchange(
  connection: Connection,
  request: HttpRequest,
  mayRepeat: boolean,
): Promise<IncomingMessage> {
  const { server, agent, headers } = connection;
  const url = new URL(`${server.pathname.replace(/\/$/, '')}${request.path}`, server);
  const outgoing = (url.protocol === 'http:' ? httpRequest : httpsRequest)(url, {
    method: request.method,
    agent,
    signal: request.signal,
    headers: {
      ...headers,
      accept: request.accept,
      'user-agent': 'nodemesh',
      ...(request.body === undefined
        ? {}
        : {
            'content-type': request.contentType ?? 'application/json',
            'content-length': Buffer.byteLength(request.body),
          }),
    },
  });
  try {
    return await new Promise((resolve, reject) => {
      outgoing.on('response', resolve);
      // Stays for the life of the request: an error after the response is the response's too.
      outgoing.on('error', reject);
      outgoing.end(request.body);
    });
  } catch (error) {
    // The API server closed an idle connection just as we used it; nothing was done. Making something twice is not risked.
    const isStale = outgoing.reusedSocket && errnoOf(error) === 'ECONNRESET';
    if (mayRepeat && isStale && request.method !== 'POST' && !request.signal.aborted)
      return exchange(connection, request, false);
    throw errorOfConnection(request.what, request.signal.aborted ? request.signal.reason : error);
  }
}

/** The whole answer. Rejects with what the API server said where it refused, and when it is longer than `limitBytes`. */
export async function readAnswer(
  request: Pick<HttpRequest, 'what' | 'signal'>,
  message: IncomingMessage,
  limitBytes = LARGEST_ANSWER_BYTES,
): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limitBytes) throw errorOfAnswer(request.what, `longer than ${limitBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw errorOfConnection(request.what, request.signal.aborted ? request.signal.reason : error);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  const status = message.statusCode ?? 0;
  if (status < 200 || status > 299) throw refusalOf(request.what, message, text);
  return parseAnswer(request.what, text);
}

/** JSON, or ERR_KUBERNETES_ANSWER. */
export function parseAnswer(what: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw errorOfAnswer(what, `expected JSON, got ${JSON.stringify(text.slice(0, QUOTED))}`, cause);
  }
}

/** A `Status` object, from a refusal's body or from within a watch. */
export function readStatus(
  value: unknown,
  fallback: number,
): { readonly status: number; readonly reason: string; readonly message: string } {
  const { code, reason, message } = isRecord(value) ? value : {};
  return {
    status: typeof code === 'number' && code >= 400 ? code : fallback,
    reason: typeof reason === 'string' ? reason : '',
    message: typeof message === 'string' ? message.slice(0, LONGEST_MESSAGE) : '',
  };
}

function refusalOf(what: string, message: IncomingMessage, text: string): KubernetesError {
  const status = message.statusCode ?? 0;
  const seconds = Number(message.headers['retry-after']);
  const retryAfterMs =
    Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1000, LONGEST_RETRY_AFTER_MS) : undefined;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // Something in between answered, in its own words.
    body = { message: text.slice(0, QUOTED) };
  }
  return errorOfStatus(what, { ...readStatus(body, status), status }, retryAfterMs);
}

/** Five hundred objects of 128 KiB; a larger page is not asked for. */
const LARGEST_ANSWER_BYTES = 64 * 1024 * 1024;
const LONGEST_RETRY_AFTER_MS = 300_000;
const LONGEST_MESSAGE = 2_000;
const QUOTED = 120;
