import { http1Server, httpPort, webSocketEcho } from '../http/index.ts';
import { type ServerCertificate, serverCertificate } from '../server-certificate.ts';
import { type EchoListener, serveUntilAborted, socketListener } from '../serving.ts';
import { createBasicAnswer } from './answer.ts';
import { tcpEcho } from './tcp-server.ts';
import type { BasicEchoOptions } from './basic-options.ts';

/** The echo server of the Gateway API conformance suite (conformance/README). Runs until `signal`. */
export async function runBasicEcho(options: BasicEchoOptions, signal: AbortSignal): Promise<void> {
  const { kind, port, tlsPort } = options;
  const certificate =
    options.certificate === undefined ? undefined : await serverCertificate(options.certificate);
  const listeners = await LISTENERS[kind](options, certificate);
  await serveUntilAborted(
    listeners,
    () =>
      options.write(
        `echo-basic (${kind}) listens on port ${port}${certificate === undefined ? '' : ` and, with TLS, ${tlsPort}`}`,
      ),
    signal,
  );
}

type Listeners = (
  options: BasicEchoOptions,
  certificate: ServerCertificate | undefined,
) => readonly EchoListener[] | Promise<readonly EchoListener[]>;

const LISTENERS: Readonly<Record<BasicEchoOptions['kind'], Listeners>> = {
  http(options, certificate) {
    const { answer, answerH2c } = createBasicAnswer(options);
    const upgrade = webSocketEcho({
      answerFor: ({ url }) => (url?.split('?')[0] === '/ws' ? (message) => message : undefined),
    });
    const handlers = { handle: answer, upgrade };
    return [
      socketListener(http1Server(handlers), options.port),
      socketListener(httpPort({ handle: answerH2c, upgrade }), options.h2cPort),
      ...(certificate === undefined
        ? []
        : [socketListener(httpPort(handlers, certificate), options.tlsPort)]),
    ];
  },
  async grpc(options, certificate) {
    // The library is loaded by those alone who need it.
    const { gatewayEchoListener } = await import('../grpc/index.ts');
    return [
      gatewayEchoListener(options, options.port),
      ...(certificate === undefined ? [] : [gatewayEchoListener(options, options.tlsPort, certificate)]),
    ];
  },
  tcp: (options, certificate) => [
    socketListener(tcpEcho(options), options.port),
    ...(certificate === undefined ? [] : [socketListener(tcpEcho(options, certificate), options.tlsPort)]),
  ],
};
