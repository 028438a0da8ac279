import { Server, ServerCredentials, experimental, type ServerDuplexStream } from '@grpc/grpc-js';
import { type Clock, type Closable, type Logger, silentLogger, systemClock } from '../../base/index.ts';
import type {
  EnrolmentReceipt,
  EnrolmentReport,
  ObservationReceipt,
  ObservationReport,
} from '../../model/index.ts';
import type { DeltaRequest, DeltaResponse, DeltaServerStream } from '../../xds/index.ts';
import { CREATE_CERTIFICATE, DELTA_RESOURCES, REPORT, REPORT_OBSERVATIONS } from '../grpc/methods.ts';
import type { CertificateRequest, CertificateResponse } from '../message/certificate-message.ts';
import { type Authenticate, createAuthentication } from './authentication.ts';
import { deltaServerStream } from './delta-handler.ts';
import { gatherRequests } from './requests/gather-requests.ts';
import { type Incoming, serverMethod } from './requests/incoming.ts';
import { createRequestMemory } from './requests/request-memory.ts';
import { shapeCalls } from './shape-calls.ts';
import { shareFrames } from './shared-frames.ts';
import { type ListenTarget, openTlsListener, type ServerCertificate } from './tls-listener.ts';
import { type UnaryService, unaryHandler } from './unary-handler.ts';

/** What the controller serves, by caller. */
export interface GrpcServices<Caller> {
  /** Whose requests count together. Default: those of a connection. */
  readonly callerKey?: ((caller: Caller) => string) | undefined;
  /**
   * Asked before a certificate request or a report is made of its bytes, which can cost more than to serve it. Throwing refuses it;
   * what it returns is called once that is done. Default: all may.
   */
  readonly admit?: ((caller: Caller) => () => void) | undefined;
  /** Takes over one delta stream; usually `deltaServer.serve`. */
  readonly xds: (stream: DeltaServerStream, caller: Caller) => Promise<void>;
  readonly certificates: UnaryService<Caller, CertificateRequest, CertificateResponse>;
  readonly nodeReports: UnaryService<Caller, EnrolmentReport, EnrolmentReceipt>;
  readonly observations: UnaryService<Caller, ObservationReport, ObservationReceipt>;
}

/** Where to listen, whom to let in, and how much of the process callers may take. */
export interface GrpcServerOptions<Caller> {
  readonly listen: ListenTarget;
  readonly certificate: ServerCertificate;
  readonly authenticate: Authenticate<Caller>;
  readonly services: GrpcServices<Caller>;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Default 10,000. */
  readonly maxConnections?: number;
  /** Concurrent calls of one connection. Default 100. */
  readonly maxStreamsPerConnection?: number;
  /** Longest request, of authenticated callers. Default 64 MiB: a reconnecting proxy names all that it holds. */
  readonly maxRequestBytes?: number;
  /** Of requests of more than 1 MiB, from their first byte until they have been read, over all callers. Default 256 MiB. */
  readonly maxRequestMemoryBytes?: number;
  /** Of all requests that a caller is sending. Default twice the longest: a proxy and the one that takes its place. */
  readonly maxRequestMemoryBytesPerCaller?: number;
  /** Default 10,000. */
  readonly handshakeTimeoutMs?: number;
  /** A connection without an authenticated call by then is cut. Default 30,000. */
  readonly trustTimeoutMs?: number;
  /** Default 10,000. */
  readonly authenticationTimeoutMs?: number;
  /** How long `close` waits for calls to end. Default 5,000. */
  readonly closeTimeoutMs?: number;
}

/** The controller's one port: discovery, certificates and reports over TLS. */
export interface GrpcServer extends Closable {
  readonly address: { readonly host: string; readonly port: number };
  readonly connections: number;
  /** Used from the next handshake on; open connections stay. Throws WireError ERR_WIRE_CREDENTIALS. */
  setCertificate(certificate: ServerCertificate): void;
}

/** Rejects with WireError ERR_WIRE_LISTEN or ERR_WIRE_CREDENTIALS. */
export async function startGrpcServer<Caller>(options: GrpcServerOptions<Caller>): Promise<GrpcServer> {
  const clock = options.clock ?? systemClock;
  const log = options.log ?? silentLogger;
  const { interceptor, callerOf } = createAuthentication({
    authenticate: options.authenticate,
    timeoutMs: options.authenticationTimeoutMs ?? 10_000,
    clock,
    log,
    onAuthenticated: (peer) => listener.trust(peer),
  });
  const maxRequestBytes = options.maxRequestBytes ?? 64 * MEBIBYTE;
  const memory = createRequestMemory({
    maxBytes: options.maxRequestMemoryBytes ?? 256 * MEBIBYTE,
    maxBytesPerCaller: options.maxRequestMemoryBytesPerCaller ?? 2 * maxRequestBytes,
    clock,
  });
  const { callerKey } = options.services;
  const requests = gatherRequests({
    memory,
    maxRequestBytes,
    clock,
    callerOf(metadata, address) {
      const caller = callerOf(metadata);
      return callerKey?.(caller) ?? address;
    },
  });
  const streams = new Set<DeltaServerStream>();
  const server = new Server({
    'grpc.max_receive_message_length': maxRequestBytes,
    'grpc.max_concurrent_streams': options.maxStreamsPerConnection ?? 100,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.max_connection_idle_ms': 600_000,
    'grpc.enable_channelz': 0,
  });

  const serveDelta = (call: ServerDuplexStream<Incoming<DeltaRequest>, DeltaResponse>): void => {
    const stream = deltaServerStream(call, () => listener.drop(call.getPeer()));
    streams.add(stream);
    void options.services.xds(stream, callerOf(call.metadata)).finally(() => streams.delete(stream));
  };
  const context = { callerOf, log, admit: options.services.admit };
  server.addService(
    {
      deltaResources: serverMethod(DELTA_RESOURCES),
      createCertificate: serverMethod(CREATE_CERTIFICATE),
      report: serverMethod(REPORT),
      reportObservations: serverMethod(REPORT_OBSERVATIONS),
    },
    {
      deltaResources: serveDelta,
      createCertificate: unaryHandler(options.services.certificates, context),
      report: unaryHandler(options.services.nodeReports, context),
      reportObservations: unaryHandler(options.services.observations, context),
    },
  );
  // TLS ends in a listener of our own, whose certificate can be replaced; gRPC gets sockets that speak HTTP/2.
  const injector = server.createConnectionInjector(
    experimental.createServerCredentialsWithInterceptors(ServerCredentials.createInsecure(), [
      shapeCalls([shareFrames, requests]),
      interceptor,
    ]),
  );
  const listener = await openTlsListener({
    target: options.listen,
    certificate: options.certificate,
    maxConnections: options.maxConnections ?? 10_000,
    handshakeTimeoutMs: options.handshakeTimeoutMs ?? 10_000,
    trustTimeoutMs: options.trustTimeoutMs ?? 30_000,
    clock,
    log,
    onConnection: (socket) => injector.injectConnection(socket),
  });

  let closing: Promise<void> | undefined;
  const destroy = (): void => {
    for (const stream of streams) stream.end();
    server.forceShutdown();
    listener.destroy();
    memory.destroy();
  };
  const close = async (): Promise<void> => {
    for (const stream of streams) stream.end();
    const timer = clock.after(options.closeTimeoutMs ?? 5000, destroy);
    const accepted = listener.close();
    await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    await accepted;
    timer.cancel();
    listener.destroy();
    memory.destroy();
  };

  return {
    address: listener.address,
    get connections() {
      return listener.connections;
    },
    setCertificate: (certificate) => listener.setCertificate(certificate),
    close() {
      closing ??= close();
      return closing;
    },
    destroy,
  };
}

const MEBIBYTE = 1024 * 1024;
