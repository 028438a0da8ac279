import { type IncomingMessage, request as requestHttp, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Duplex } from 'node:stream';
import { MeshError } from '../../base/index.ts';
import { type ApiAddress, authorizationOf, type Dial, unreachable } from './api-address.ts';

/** The whole answer, whatever its status. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

interface Question {
  /** For the whole answer. */
  readonly timeoutMs: number;
  /** Default GET. */
  readonly method?: string | undefined;
}

/**
 * One question on a connection of its own. Rejects with ERR_CLI_API_UNREACHABLE, or with what the dialling rejects with: of
 * that a question which changes nothing is asked again, once, since the next connection may be to another pod.
 */
export async function askHttp(
  url: URL,
  { token, dial }: Pick<ApiAddress, 'token' | 'dial'>,
  question: Question,
): Promise<HttpAnswer> {
  try {
    return await askOnce(url, { token, dial }, question);
  } catch (error) {
    const { method = 'GET' } = question;
    if (dial === undefined || method !== 'GET' || !(error instanceof MeshError) || !error.retryable)
      throw error;
    return await askOnce(url, { token, dial }, question);
  }
}

function askOnce(
  url: URL,
  { token, dial }: Pick<ApiAddress, 'token' | 'dial'>,
  { timeoutMs, method = 'GET' }: Question,
): Promise<HttpAnswer> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const attempt = request(url, {
      method,
      headers: { accept: 'application/json', ...authorizationOf(token) },
      signal,
      ...connectionBy(dial, signal),
    });
    const fail = (cause: unknown): void => reject(failureOf(url, cause));
    attempt.on('error', fail);
    attempt.on('response', (response) => {
      readAll(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), fail);
    });
    attempt.end();
  });
}

/** For a request: how its connection is made, and that it is its alone. */
export function connectionBy(
  dial: Dial | undefined,
  signal?: AbortSignal,
): Pick<RequestOptions, 'agent' | 'createConnection'> {
  if (dial === undefined) return { agent: false };
  return {
    createConnection(_options, use) {
      dial(signal).then(
        (stream) => use(null, stream),
        // The stream is not looked at beside an error.
        (error: Error) => use(error, undefined as unknown as Duplex),
      );
      return undefined;
    },
  };
}

/** Who dialled says better what went wrong than that nobody answered. */
export function failureOf(url: URL, cause: unknown): MeshError {
  return cause instanceof MeshError ? cause : unreachable(url, cause);
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
