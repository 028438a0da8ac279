import type { MethodDefinition } from '@grpc/grpc-js';

/** What the server is asked for, and what it answers: JSON, whose length counts. */
export interface InteropMessage {
  /** Of the call; sent back. */
  readonly text?: string;
  /** Bytes of padding that the answer is to carry. */
  readonly replyBytes?: number;
  /** How many messages a stream is to have. */
  readonly messages?: number;
  /** The status that the call is to end with, after any messages. */
  readonly status?: { readonly code: number; readonly details: string };
  /** The server waits so long before it answers. */
  readonly delayMs?: number;
  readonly padding?: string;
  /** Of the server: calls that were cancelled, by the text that they began with. */
  readonly cancelled?: readonly string[];
}

function method(
  name: string,
  requestStream: boolean,
  responseStream: boolean,
): MethodDefinition<InteropMessage, InteropMessage> {
  const encode = (message: InteropMessage): Buffer => Buffer.from(JSON.stringify(message));
  // Both ends are of this very file.
  const decode = (bytes: Buffer): InteropMessage => JSON.parse(bytes.toString('utf8')) as InteropMessage;
  return {
    path: `/interop.Interop/${name}`,
    requestStream,
    responseStream,
    requestSerialize: encode,
    requestDeserialize: decode,
    responseSerialize: encode,
    responseDeserialize: decode,
  };
}

export const INTEROP = {
  unary: method('Unary', false, false),
  collect: method('Collect', true, false),
  list: method('List', false, true),
  chat: method('Chat', true, true),
  report: method('Report', false, false),
} as const;
