import type { ServerCertificate } from '../server-certificate.ts';
import type { EchoListener } from '../serving.ts';
import { grpcListener, metadataText } from './listener.ts';
import { ISTIO_ECHO } from './methods.ts';

/** The gRPC ports of echo-advanced: what was seen, in lines of `Field=value`. */
export function istioEchoListener(
  { hostname }: { readonly hostname: string },
  port: number,
  certificate?: ServerCertificate,
): EchoListener {
  return grpcListener(
    [
      {
        definition: ISTIO_ECHO,
        handler(call, answer) {
          const lines = [
            `Host=${call.getHost()}`,
            ...metadataText(call.metadata).map(([key, value]) => `RequestHeader=${key}:${value}`),
            'StatusCode=200',
            'ServiceVersion=',
            `ServicePort=${port}`,
            `IP=${peerAddress(call.getPeer())}`,
            'Proto=GRPC',
            `Echo=${call.request}`,
            `Hostname=${hostname}`,
          ];
          answer(null, `${lines.join('\n')}\n`);
        },
      },
    ],
    port,
    certificate,
  );
}

/** `10.1.2.3:4711`, `[::1]:4711` or `::ffff:10.1.2.3:4711` without the port. */
function peerAddress(peer: string): string {
  return peer
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/^::ffff:(?=\d+\.)/, '');
}
