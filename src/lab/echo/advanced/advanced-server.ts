import { httpPort } from '../http/index.ts';
import { serverCertificate } from '../server-certificate.ts';
import { type EchoListener, serveUntilAborted, socketListener } from '../serving.ts';
import { advancedHandlers } from './answer.ts';
import { tcpEcho } from './tcp-server.ts';
import type { AdvancedEchoOptions } from './advanced-options.ts';

/** Answers with lines of `Field=value`, which echo's client and the conformance suite take apart. Runs until `signal`. */
export async function runAdvancedEcho(options: AdvancedEchoOptions, signal: AbortSignal): Promise<void> {
  const { httpPorts, grpcPorts, tcpPorts, tlsPorts, write } = options;
  const certificate = tlsPorts.length === 0 ? undefined : await serverCertificate(options.certificate);
  const certificateOf = (port: number): typeof certificate =>
    tlsPorts.includes(port) ? certificate : undefined;
  const handlers = advancedHandlers(options);
  const listeners: readonly EchoListener[] = [
    ...httpPorts.map((port) => socketListener(httpPort(handlers, certificateOf(port)), port)),
    ...tcpPorts.map((port) => socketListener(tcpEcho(options, certificateOf(port)), port)),
    ...(await grpcListeners(options, certificateOf)),
  ];
  const ports = [...httpPorts, ...tcpPorts, ...grpcPorts];
  await serveUntilAborted(
    listeners,
    () => write(`echo-advanced listens on ports ${ports.join(', ')}`),
    signal,
  );
}

async function grpcListeners(
  options: AdvancedEchoOptions,
  certificateOf: (port: number) => Parameters<typeof httpPort>[1],
): Promise<readonly EchoListener[]> {
  if (options.grpcPorts.length === 0) return [];
  const { istioEchoListener } = await import('../grpc/index.ts');
  return options.grpcPorts.map((port) => istioEchoListener(options, port, certificateOf(port)));
}
