import { request } from 'node:http';
import { describeError } from '../../base/index.ts';
import { parseIpAddress } from '../../model/index.ts';
import { connectTcp, openNamespace } from '../../net/index.ts';
import { LabError } from '../errors.ts';

export interface NamespaceRequest {
  /** Name below /run/netns. */
  readonly namespace: string;
  readonly port: number;
  readonly method?: string;
  readonly path: string;
  readonly body?: string;
  readonly timeoutMs: number;
}

export interface NamespaceResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** An HTTP request to a loopback port inside another network namespace. Rejects with ERR_LAB_UNAVAILABLE. */
export async function requestInNamespace(options: NamespaceRequest): Promise<NamespaceResponse> {
  const { port, path, timeoutMs } = options;
  try {
    const namespace = openNamespace(`/run/netns/${options.namespace}`);
    try {
      const address = parseIpAddress('127.0.0.1');
      const socket = await connectTcp({ namespace, address, port, timeoutMs });
      return await exchange(options, socket);
    } finally {
      namespace.close();
    }
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

function exchange(
  { method = 'GET', path, body = '', timeoutMs }: NamespaceRequest,
  socket: Awaited<ReturnType<typeof connectTcp>>,
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
