import type { ReceivedAnswer } from '../compare/index.ts';

/** What a driver is asked to send, `count` times, so many at once. */
export interface DriverOrder {
  readonly id: number;
  readonly kind: 'http' | 'https' | 'h2c' | 'grpc' | 'websocket';
  readonly host: string;
  readonly port: number;
  /** The Host header or `:authority`. */
  readonly authority: string;
  readonly method: string;
  /** With the query, as it is to stand on the wire. For gRPC: `/service/method`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly count: number;
  readonly concurrency: number;
}

export interface DriverAnswer {
  readonly id: number;
  readonly answers: readonly ReceivedAnswer[];
}
