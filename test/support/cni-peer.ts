import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.ts';

/** What the plugin sent. */
export interface ReceivedCall {
  readonly variables: ReadonlyMap<string, string>;
  readonly config: string;
}

/** Something on the ztunnel's socket that answers as the test wants it to. */
export interface CniPeer {
  readonly path: string;
  readonly calls: readonly ReceivedCall[];
  close(): Promise<void>;
}

const HEADER_BYTES = 16;
export const CNI_MAGIC: Buffer = Buffer.from('nmcni01\0');

/** `answer` gets the connection once the call is complete. */
export async function startCniPeer(answer: (socket: Socket, call: ReceivedCall) => void): Promise<CniPeer> {
  const path = join(temporaryFolder('cni-peer'), 'cni.sock');
  const calls: ReceivedCall[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    let bytes = Buffer.alloc(0);
    let done = false;
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      const call = parse(bytes);
      if (done || call === undefined) return;
      done = true;
      calls.push(call);
      answer(socket, call);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    path,
    calls,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An answer as the ztunnel writes it. */
export function cniAnswer(code: number, text: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  CNI_MAGIC.copy(header);
  header.writeUInt32LE(code, 8);
  header.writeUInt32LE(Buffer.byteLength(text), 12);
  return Buffer.concat([header, Buffer.from(text)]);
}

function parse(bytes: Buffer): ReceivedCall | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const variableBytes = bytes.readUInt32LE(8);
  const configBytes = bytes.readUInt32LE(12);
  if (bytes.length < HEADER_BYTES + variableBytes + configBytes) return undefined;
  const variables = bytes.subarray(HEADER_BYTES, HEADER_BYTES + variableBytes).toString();
  return {
    variables: new Map(
      variables
        .split('\0')
        .filter((entry) => entry !== '')
        .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
    ),
    config: bytes.subarray(HEADER_BYTES + variableBytes).toString(),
  };
}
