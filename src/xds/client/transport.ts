import type { DeltaRequest, DeltaResponse } from '../messages.ts';

/** One open delta stream, seen from the client. */
export interface DeltaChannel {
  /** Resolves when the socket has taken the request. Rejects when the stream is gone. */
  send(request: DeltaRequest): Promise<void>;
  /** Ends when the server ended the stream well, throws XdsError otherwise: ERR_XDS_RECONNECT means reconnect at once. */
  readonly responses: AsyncIterable<DeltaResponse>;
  /** Lets go of the stream and of what it alone uses. Idempotent. */
  close(): void;
}

/** Opens streams. The only thing that a client knows of the network. */
export interface DeltaTransport {
  /** Connects, reading token and root certificates anew. Rejects with XdsError ERR_XDS_CONNECT. */
  open(signal: AbortSignal): Promise<DeltaChannel>;
}
