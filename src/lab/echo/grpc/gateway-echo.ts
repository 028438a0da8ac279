import type { handleUnaryCall } from '@grpc/grpc-js';
import type { BasicEchoOptions } from '../basic/basic-options.ts';
import type { ServerCertificate } from '../server-certificate.ts';
import type { EchoListener } from '../serving.ts';
import { grpcListener, metadataText } from './listener.ts';
import type { GatewayEcho } from './messages.ts';
import { GATEWAY_ECHO_SERVICE, gatewayEchoMethod } from './methods.ts';

/** What echo-basic is with GRPC_ECHO_SERVER. EchoThree stays unimplemented on purpose. */
export function gatewayEchoListener(
  { pod, write }: Pick<BasicEchoOptions, 'pod' | 'write'>,
  port: number,
  certificate?: ServerCertificate,
): EchoListener {
  const handler: handleUnaryCall<Readonly<Record<never, never>>, GatewayEcho> = (call, answer) => {
    write(`Received over ${certificate === undefined ? 'plaintext' : 'TLS'}: ${call.getPath()}`);
    const authority = call.getHost();
    const headers = [[':authority', authority] as const, ...metadataText(call.metadata)];
    answer(null, { method: call.getPath(), headers, authority, ...pod });
  };
  const methods = ['Echo', 'EchoTwo'].map((method) => ({
    definition: gatewayEchoMethod(GATEWAY_ECHO_SERVICE, method),
    handler,
  }));
  return grpcListener(methods, port, certificate);
}
