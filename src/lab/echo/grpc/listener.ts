import {
  type handleUnaryCall,
  type MethodDefinition,
  type Metadata,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js';
import type { ServerCertificate } from '../server-certificate.ts';
import type { EchoListener } from '../serving.ts';

/** A gRPC server on a port of its own, as an image runs it. */
export function grpcListener<Request, Response>(
  methods: readonly {
    readonly definition: MethodDefinition<Request, Response>;
    readonly handler: handleUnaryCall<Request, Response>;
  }[],
  port: number,
  certificate?: ServerCertificate,
): EchoListener {
  const server = new Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
  server.addService(
    Object.fromEntries(methods.map(({ definition }) => [definition.path, definition])),
    Object.fromEntries(methods.map(({ definition, handler }) => [definition.path, handler])),
  );
  return {
    open: () =>
      new Promise((resolve, reject) => {
        server.bindAsync(`[::]:${port}`, credentials(certificate), (error) =>
          error === null ? resolve() : reject(error),
        );
      }),
    close: () => server.tryShutdown(() => undefined),
  };
}

/** Metadata as text, as Go's servers list it; the values of `-bin` keys are left out. */
export function metadataText(metadata: Metadata): readonly (readonly [string, string])[] {
  return Object.keys(metadata.getMap())
    .filter((key) => !key.endsWith('-bin'))
    .flatMap((key) => metadata.get(key).map((value) => [key, String(value)] as const));
}

function credentials(certificate: ServerCertificate | undefined): ServerCredentials {
  if (certificate === undefined) return ServerCredentials.createInsecure();
  const { certificatePem, keyPem } = certificate;
  const pair = { cert_chain: Buffer.from(certificatePem), private_key: Buffer.from(keyPem) };
  return ServerCredentials.createSsl(null, [pair]);
}
