import http2 from 'node:http2';
import { frameMessage } from '../../../src/wire/grpc/message-framing.ts';
import { DELTA_RESOURCES } from '../../../src/wire/grpc/methods.ts';
import { encodeDeltaRequest } from '../../../src/wire/message/delta-request-message.ts';
import { ADDRESS_TYPE, type DeltaRequest } from '../../../src/xds/index.ts';
import { SERVER_NAME, type TestController } from './controller.ts';

export interface RawCall {
  readonly session: http2.ClientHttp2Session;
  readonly stream: http2.ClientHttp2Stream;
  /** Writes bytes where a gRPC message belongs. */
  write(message: Uint8Array): void;
  /** The status and its sentence, once the call is over. */
  readonly ended: Promise<{ readonly status: string; readonly message: string }>;
  hangUp(): Promise<void>;
}

/** A node with a good token and bad manners. `token`: default that of node-9. */
export function call(
  controller: TestController,
  options: {
    readonly headers?: http2.OutgoingHttpHeaders;
    readonly settings?: http2.Settings;
    readonly token?: string;
  } = {},
): RawCall {
  const session = http2.connect(`https://127.0.0.1:${controller.grpcServer.address.port}`, {
    ca: controller.authority.rootPem,
    servername: SERVER_NAME,
    // In megabytes. Node resets a stream whose trailers come while its session holds more than this unsent.
    maxSessionMemory: 1000,
    ...(options.settings === undefined ? {} : { settings: options.settings }),
  });
  session.on('error', () => undefined);
  const stream = session.request({
    ':method': 'POST',
    ':path': DELTA_RESOURCES.path,
    'content-type': 'application/grpc',
    te: 'trailers',
    authorization: `Bearer ${options.token ?? 'token-of-node-9'}`,
    ...options.headers,
  });
  stream.on('error', () => undefined);
  const ended = new Promise<{ status: string; message: string }>((resolve) => {
    const tell = (headers: http2.IncomingHttpHeaders): void => {
      if (headers['grpc-status'] === undefined) return;
      resolve({
        status: String(headers['grpc-status']),
        message: decodeURIComponent(String(headers['grpc-message'] ?? '')),
      });
    };
    stream.on('response', tell);
    stream.on('trailers', tell);
    stream.once('close', () => resolve({ status: 'cut', message: '' }));
  });
  return {
    session,
    stream,
    write: (message) => stream.write(frameMessage([message])),
    ended,
    async hangUp() {
      const closed = new Promise((resolve) => session.once('close', resolve));
      session.destroy();
      await closed;
    },
  };
}

/** A request of addresses, as bytes of protobuf. */
export function request(parts: Partial<DeltaRequest> = {}): Buffer {
  return encodeDeltaRequest({
    ...{ typeUrl: ADDRESS_TYPE, subscribe: [], unsubscribe: [], initialVersions: [] },
    ...{ responseNonce: '', rejection: undefined },
    ...parts,
  });
}

/** The next message of a stream that is read by nobody else. */
export async function readMessage(stream: http2.ClientHttp2Stream): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  let wanted: number | undefined;
  for (;;) {
    const part: Buffer | null = stream.read();
    if (part === null) {
      await new Promise((resolve) => stream.once('readable', resolve));
      continue;
    }
    parts.push(part);
    bytes += part.length;
    wanted ??= bytes < 5 ? undefined : Buffer.concat(parts).readUInt32BE(1) + 5;
    if (bytes === wanted) return Buffer.concat(parts).subarray(5);
  }
}
