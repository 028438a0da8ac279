import type { Socket } from 'node:net';

/** A call as it came from the plugin: see daemonset/cni/nodemesh-cni.c. */
export interface RawCall {
  readonly variables: string;
  readonly config: string;
}

const MAGIC = Buffer.from('nmcni01\0');
const FIRST_OFFSET = 8;
const SECOND_OFFSET = 12;
const HEADER_BYTES = 16;
const LIMIT_BYTES = 2 ** 20;

/** How many bytes calls may have that have not come as a whole yet, over all connections. */
export interface ReadRoom {
  leftBytes: number;
}

/**
 * Resolves with the call that comes first on the connection; undefined when what comes is none, not as a whole within `limitMs`, or
 * more than there is room for. Reads no more than it says it has.
 */
export function readCall(socket: Socket, limitMs: number, room: ReadRoom): Promise<RawCall | undefined> {
  return new Promise((resolve) => {
    let takenBytes = 0;
    const chunks: Buffer[] = [];
    let received = 0;
    let expected = HEADER_BYTES;
    let variableBytes = -1;

    const finish = (call: RawCall | undefined): void => {
      clearTimeout(timer);
      room.leftBytes += takenBytes;
      socket.off('data', take).off('close', giveUp).off('end', giveUp);
      resolve(call);
    };
    const giveUp = (): void => finish(undefined);
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      received += chunk.length;
      if (received < expected) return;
      const bytes = Buffer.concat(chunks);
      if (variableBytes < 0) {
        const sizes = sizesOf(bytes);
        if (sizes === undefined) {
          finish(undefined);
          return;
        }
        variableBytes = sizes.variables;
        expected += sizes.variables + sizes.config;
        if (expected > room.leftBytes) {
          finish(undefined);
          return;
        }
        takenBytes = expected;
        room.leftBytes -= expected;
        chunks.splice(0, chunks.length, bytes);
      }
      if (received > expected) finish(undefined);
      if (received === expected) finish(split(bytes, variableBytes));
    };
    const timer = setTimeout(giveUp, limitMs);
    socket.on('data', take).on('close', giveUp).on('end', giveUp);
  });
}

/** `code` 0: success, and no text means that the result before us stands. */
export function encodeAnswer(code: number, text: string): Buffer {
  const body = Buffer.from(text);
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(code, FIRST_OFFSET);
  header.writeUInt32LE(body.length, SECOND_OFFSET);
  return Buffer.concat([header, body]);
}

function sizesOf(header: Buffer): { readonly variables: number; readonly config: number } | undefined {
  if (!header.subarray(0, FIRST_OFFSET).equals(MAGIC)) return undefined;
  const variables = header.readUInt32LE(FIRST_OFFSET);
  const config = header.readUInt32LE(SECOND_OFFSET);
  return variables > LIMIT_BYTES || config > LIMIT_BYTES ? undefined : { variables, config };
}

function split(bytes: Buffer, variableBytes: number): RawCall {
  const middle = HEADER_BYTES + variableBytes;
  return {
    variables: bytes.toString('utf8', HEADER_BYTES, middle),
    config: bytes.toString('utf8', middle),
  };
}
