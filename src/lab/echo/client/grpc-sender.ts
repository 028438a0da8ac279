import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { ISTIO_ECHO } from '../grpc/index.ts';
import type { EchoClientOptions } from './client-options.ts';
import { type EchoAnswer, type EchoSender, splitHeaders, splitUrl } from './sender.ts';

/** Calls `proto.EchoTestService/Echo`. */
export function grpcSender(options: EchoClientOptions): EchoSender {
  const { secure, authority } = splitUrl(options.url);
  const { host = authority, others } = splitHeaders(options.headers);
  const channel = secure
    ? credentials.createSsl(null, null, null, { rejectUnauthorized: false })
    : credentials.createInsecure();
  const client = new Client(authority, channel, { 'grpc.default_authority': host });
  return {
    send: () =>
      new Promise<EchoAnswer>((resolve, reject) => {
        const metadata = new Metadata();
        for (const [name, value] of others) metadata.add(name, value);
        const head: string[] = [];
        const call = client.makeUnaryRequest(
          ISTIO_ECHO.path,
          ISTIO_ECHO.requestSerialize,
          ISTIO_ECHO.responseDeserialize,
          options.message,
          metadata,
          { deadline: Date.now() + options.timeoutMs },
          (error, body = '') => (error === null ? resolve({ head, body }) : reject(error)),
        );
        call.on('metadata', (received) => {
          for (const [name, value] of Object.entries(received.getMap()))
            head.push(`ResponseHeader=${name}:${String(value)}`);
        });
      }),
    close: () => client.close(),
  };
}
