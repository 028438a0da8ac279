import type { Readable } from 'node:stream';
import type { ByteStream } from '../../base/index.ts';
import type { HeaderList } from './header-list.ts';

/** What the peer of a connection speaks; messages look the same in all of them. */
export type HttpVersion = '1.0' | '1.1' | '2';

/** What follows the head of a message. Reading it is what lets more of it come; destroying it gives the message up. */
export interface HttpBody {
  /** Undefined: there is none. Destroyed with an error when the message was cut. */
  readonly stream: Readable | undefined;
  /** Bytes as announced by Content-Length; undefined: unknown. 0 without a body. */
  readonly length: number | undefined;
  /** The fields behind the body; known once the stream has ended, undefined when there are none. */
  trailers(): HeaderList | undefined;
  /**
   * Fields that end the message where its stream was destroyed with this error, for a protocol that says there how it went, such
   * as gRPC. Undefined, as for all others: the message is cut.
   */
  trailersOfCut?(error: Error): HeaderList | undefined;
}

/**
 * A request in the form that all versions of HTTP share (RFC 9110), with everything that belongs to one connection alone
 * taken off: no Host, Connection, Transfer-Encoding, Content-Length, Keep-Alive, TE other than trailers, Upgrade, Expect.
 */
export interface HttpRequest {
  readonly version: HttpVersion;
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** Host, or :authority, as the client wrote it; never empty. */
  readonly authority: string;
  /** Path and query as on the wire; starts with `/`, or is `*`. */
  readonly target: string;
  readonly headers: HeaderList;
  readonly body: HttpBody;
  /** The protocol that the client would like to change to, in lower case: `websocket`. */
  readonly upgrade: string | undefined;
  /** The client waits for a 100 before it sends the body. */
  readonly expectContinue: boolean;
}

/** The same for the final answer to a request. */
export interface HttpResponse {
  /** 200 and above; 101 only with `tunnel`. */
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: HttpBody;
  /** After a 101: the bytes of the new protocol, both ways. The taker owns it. */
  readonly tunnel?: UpgradedStream | undefined;
}

/** Both halves of a connection that has left HTTP. A `ByteStream` of base. */
export type UpgradedStream = ByteStream;

export const NO_BODY: HttpBody = { stream: undefined, length: 0, trailers: () => undefined };
