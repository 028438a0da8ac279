import { request } from 'node:http';
import type { Socket } from 'node:net';
import { describeError } from '../../base/index.ts';
import { parseIpAddress } from '../../model/index.ts';
import { connectTcp, openNamespace } from '../../net/index.ts';
import { LabError } from '../errors.ts';

/** What is asked, and where; the method is GET unless it says otherwise. */
export interface NamespaceRequest {
  /** Name below /run/netns. */
  readonly namespace: string;
  readonly port: number;
  readonly method?: string;
  readonly path: string;
  readonly body?: string;
  readonly timeoutMs: number;
}

/** The whole answer, whatever its status. */
export interface NamespaceResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** An HTTP request to a loopback port inside another network namespace. Rejects with ERR_LAB_UNAVAILABLE. */
export async function requestInNamespace(options: NamespaceRequest): Promise<NamespaceResponse> {
  const { port, path } = options;
  try {
    return await exchange(options, await connectInNamespace(options));
  } catch (cause) {
    throw new LabError({
      code: 'ERR_LAB_UNAVAILABLE',
      blame: 'upstream',
      message: `no answer from port ${port}${path} in ${options.namespace}: ${describeError(cause)}`,
      retryable: true,
      cause,
    });
  }
}

/** A connection to a loopback port inside another network namespace. Rejects with NetError. */
export async function connectInNamespace({
  namespace: name,
  port,
  timeoutMs,
}: Pick<NamespaceRequest, 'namespace' | 'port' | 'timeoutMs'>): Promise<Socket> {
  const namespace = openNamespace(`/run/netns/${name}`);
  try {
    return await connectTcp({ namespace, address: parseIpAddress('127.0.0.1'), port, timeoutMs });
  } finally {
    namespace.close();
  }
}

function exchange(
  { method = 'GET', path, body = '', timeoutMs }: NamespaceRequest,
  socket: Socket,
): Promise<NamespaceResponse> {
  return new Promise((resolve, reject) => {
    const attempt = request({
      method,
      path,
      headers: { host: 'localhost', connection: 'close', 'content-length': Buffer.byteLength(body) },
      createConnection: () => socket,
      signal: AbortSignal.timeout(timeoutMs),
    });
    attempt.on('error', reject);
    attempt.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          contentType: response.headers['content-type'] ?? 'text/plain',
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    attempt.end(body);
  });
}
