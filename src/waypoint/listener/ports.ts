import type { ByteStream, Clock, MeshError } from '../../base/index.ts';
import type { HttpExchange, HttpServerConnection } from '../../http/index.ts';
import type { MeshView } from '../../model/index.ts';
import type { RefusalTeller } from '../../proxy/index.ts';
import type { TunnelRefusal } from '../../tunnel-protocol/index.ts';
import type { ConnectionContext } from '../request/handle-exchange.ts';
import type { DialledTarget } from '../request/request-parties.ts';
import type { OwnPortCarrier } from './carry-own.ts';
import type { WaypointSelf } from './dialled-target.ts';

/** What the first bytes of a connection are; `silent`: its client waits for the server to speak. */
export type FirstBytes = 'http1' | 'http2' | 'tls' | 'other' | 'silent';

/** An accepted connection with the verdict on its first bytes, which are still in the stream. */
export interface DetectedStream {
  readonly protocol: FirstBytes;
  readonly stream: ByteStream;
}

/** Everything that carrying what comes through a tunnel needs of the world. */
export interface ListenerPorts {
  readonly self: WaypointSelf;
  readonly view: MeshView;
  /** Of the mesh, or of what is told about it. */
  readonly changes: { subscribe(listener: () => void): () => void };
  readonly clock: Clock;
  /** How long a tunnel waits for its destination to be known and bound. */
  readonly holdMs: number;
  /** What peers are told of refusals. */
  readonly refusals: RefusalTeller;
  /** Carries what is for the replica itself. */
  readonly carryOwn: OwnPortCarrier;
  /** False once the waypoint is told no more what holds for the target: its connections are to end. */
  isTold(dialled: DialledTarget): boolean;
  connectionContext(client: ConnectionContext['client'], dialled: DialledTarget): ConnectionContext;
  /**
   * Reads the first bytes. With `patient` it waits for them as long as it takes (HTTP clients speak first), else only a
   * moment. Rejects with a MeshError when the connection ends before.
   */
  detect(stream: ByteStream, patient: boolean): Promise<DetectedStream>;
  serve(
    protocol: 'http1' | 'http2',
    stream: ByteStream,
    onExchange: (exchange: HttpExchange) => void,
  ): HttpServerConnection;
  handle(exchange: HttpExchange, context: ConnectionContext): Promise<void>;
  /**
   * Carries a connection's bytes as they are to one endpoint, judged as a whole. `accept` gives the client's stream once
   * there is an endpoint; it is called at most once. Never rejects; on failure `refuse` is called where nothing was accepted.
   */
  carryBytes(connection: PlainConnection): Promise<void>;
  /** The connections that live, for draining. */
  track(connection: HttpServerConnection): () => void;
}

/** A connection whose bytes the waypoint does not look into. */
export interface PlainConnection {
  readonly client: ConnectionContext['client'];
  readonly dialled: DialledTarget;
  readonly signal: AbortSignal;
  /** What the first bytes say about TLS: for TLSRoutes. Undefined: nobody looked. */
  readonly firstBytes: FirstBytes | undefined;
  accept(): ByteStream;
  /** `told`: what the peer is told of it. */
  refuse(failure: MeshError, told: TunnelRefusal): void;
}
