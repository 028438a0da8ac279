import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { frameMessage } from '../../../src/wire/grpc/message-framing.ts';
import { encodeDeltaRequest } from '../../../src/wire/message/delta-request-message.ts';
import {
  ADDRESS_TYPE,
  AUTHORIZATION_TYPE,
  ENROLMENT_POD_TYPE,
  type HeldResource,
  TRUST_BUNDLE_TYPE,
} from '../../../src/xds/index.ts';
import { nodeName } from '../mesh-objects.ts';
import { createResponseSkimmer } from './response-skimmer.ts';

export interface SimulatedNodeOptions {
  /** Its number, which makes its name and the address that it calls from. */
  readonly index: number;
  readonly port: number;
  readonly roots: string;
  /** What it asks for first, framed for gRPC: all nodes of a process send the same megabytes. */
  readonly firstRequest: Uint8Array;
  /** How many addresses it was told of by one response. */
  onAddresses(count: number): void;
  onReopened(): void;
  /** Every piece of the stream's body, for who wants more than counts. */
  onPiece?(piece: Buffer): void;
}

/** A connection, a stream of every type that a ztunnel follows, and its acknowledgements: it keeps nothing of what it is told. */
export interface SimulatedNode {
  readonly bytes: number;
  close(): void;
}

const PATH = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';
const OTHERS = [AUTHORIZATION_TYPE, ENROLMENT_POD_TYPE, TRUST_BUNDLE_TYPE];
/** About as a ztunnel waits before it calls again. */
const BACKOFF_MS = 1_000;
/** As our ztunnel's. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/** Calls, and calls again when the stream breaks, as long as it is not closed. */
export function startSimulatedNode(options: SimulatedNodeOptions): SimulatedNode {
  let bytes = 0;
  let session: ClientHttp2Session | undefined;
  let again: NodeJS.Timeout | undefined;
  let closed = false;

  const call = (): void => {
    const current = openSession(options);
    session = current;
    const stream = current.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: PATH,
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
      [constants.HTTP2_HEADER_TE]: 'trailers',
      [constants.HTTP2_HEADER_AUTHORIZATION]: `Bearer ${nodeName(options.index)}`,
    });
    const ask = (request: Uint8Array): void => {
      if (!stream.destroyed) stream.write(request);
    };
    const skimmer = createResponseSkimmer(({ typeUrl, nonce, resources }) => {
      if (typeUrl === ADDRESS_TYPE) options.onAddresses(resources);
      ask(encodeRequest(typeUrl, { nonce }));
    });
    stream.on('data', (piece: Buffer) => {
      bytes += piece.length;
      options.onPiece?.(piece);
      skimmer.push(piece);
    });
    const over = (): void => {
      if (session !== current) return;
      session = undefined;
      current.destroy();
      if (closed) return;
      again = setTimeout(
        () => {
          options.onReopened();
          call();
        },
        BACKOFF_MS * (0.5 + Math.random()),
      );
    };
    current.on('error', over).on('close', over);
    stream.on('error', over).on('close', over);
    ask(options.firstRequest);
    for (const typeUrl of OTHERS) ask(encodeRequest(typeUrl));
  };

  call();
  return {
    get bytes() {
      return bytes;
    },
    close() {
      closed = true;
      clearTimeout(again);
      session?.destroy();
    },
  };
}

/** What a stream asks first (`held`: names and versions), or with a nonce that it has taken a response: framed for gRPC. */
export function encodeRequest(
  typeUrl: string,
  { nonce = '', held = [] }: { nonce?: string; held?: readonly HeldResource[] } = {},
): Buffer {
  const id = 'ztunnel~127.0.0.1~ztunnel.nodemesh-system~nodemesh-system.svc.cluster.local';
  const request = encodeDeltaRequest({
    node: nonce === '' ? { id, metadata: {} } : undefined,
    typeUrl,
    subscribe: [],
    unsubscribe: [],
    initialVersions: held,
    responseNonce: nonce,
    rejection: undefined,
  });
  return frameMessage([request]);
}

/** Each node has an address of its own, as in a cluster: the controller bounds what one address may do. */
function openSession({ index, port, roots }: SimulatedNodeOptions): ClientHttp2Session {
  const localAddress = `127.1.${index >>> 8}.${index & 255}`;
  return connect(`https://127.0.0.1:${port}`, {
    createConnection: () =>
      connectTls({
        socket: connectTcp({ host: '127.0.0.1', port, localAddress }),
        host: '127.0.0.1',
        ca: roots,
        ALPNProtocols: ['h2'],
      }),
    settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
  });
}
