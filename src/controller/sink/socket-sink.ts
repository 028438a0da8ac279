import { request } from 'node:http';
import { ControllerError } from '../errors.ts';
import type { ControllerSink } from './controller-sink.ts';

/** Longer than any write of the supervisor takes, short enough for another try. */
const TIMEOUT_MS = 5_000;

/** The sink of the lab: JSON over HTTP on the supervisor's unix socket. 204 means done, 404 that there is no such object. */
export function createSocketSink(socketPath: string): ControllerSink {
  return {
    annotatePod: (change, signal) => post({ socketPath, path: '/sink/annotate', body: change, signal }),
    setStatus: (change, signal) => post({ socketPath, path: '/sink/status', body: change, signal }),
    recordEvent: (event, signal) => post({ socketPath, path: '/sink/event', body: event, signal }),
    applyObject: (manifest, signal) => post({ socketPath, path: '/sink/apply', body: manifest, signal }),
    deleteObject: (object, signal) => post({ socketPath, path: '/sink/delete', body: object, signal }),
  };
}

interface Post {
  readonly socketPath: string;
  readonly path: string;
  readonly body: unknown;
  readonly signal: AbortSignal | undefined;
}

function post({ socketPath, path, body, signal }: Post): Promise<void> {
  const text = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void =>
      reject(sinkError(`cannot write to ${socketPath}${path}`, true, cause));
    const call = request(
      {
        socketPath,
        path,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
        timeout: TIMEOUT_MS,
        ...(signal === undefined ? {} : { signal }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          if (status >= 200 && status < 300) return resolve();
          const answer = Buffer.concat(chunks).toString('utf8').trim().slice(0, 500);
          reject(sinkError(`${path} was answered with ${status} ${answer}`, status >= 500));
        });
      },
    );
    call.on('timeout', () => call.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    call.on('error', fail);
    call.end(text);
  });
}

function sinkError(message: string, retryable: boolean, cause?: unknown): ControllerError {
  return new ControllerError({ code: 'ERR_CONTROLLER_SINK', blame: 'upstream', message, retryable, cause });
}
