import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { answerQuery } from './answer.ts';
import { decodeQuery, encodeAnswer } from './message.ts';
import type { Zone } from './zone.ts';

/** Listens until it is closed. */
export interface DnsServer {
  close(): Promise<void>;
}

/** A TCP client that says nothing for this long is sent away. */
const IDLE_MS = 10_000;
const LENGTH_BYTES = 2;

/** Answers over UDP and TCP at one address; asks for the zone anew each time. */
export async function startDnsServer(options: {
  readonly address: string;
  readonly port: number;
  readonly zone: () => Zone;
}): Promise<DnsServer> {
  const { address, port, zone } = options;
  const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  udp.on('message', (message, remote) => {
    const query = decodeQuery(message);
    if (query === undefined) return;
    udp.send(
      encodeAnswer(query, answerQuery(zone(), query), query.udpPayloadBytes),
      remote.port,
      remote.address,
    );
  });
  udp.bind(port, address);
  const connections = new Set<Socket>();
  const tcp = createServer((socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    serveStream(socket, zone);
  });
  tcp.listen(port, address);
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
  return {
    async close() {
      for (const socket of connections) socket.destroy();
      await Promise.all([
        new Promise<void>((resolve) => udp.close(resolve)),
        new Promise<void>((resolve) => tcp.close(() => resolve())),
      ]);
    },
  };
}

/** RFC 1035 §4.2.2: each message is preceded by its length. */
function serveStream(socket: Socket, zone: () => Zone): void {
  let pending = Buffer.alloc(0);
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  // A client that resets has nothing more to be told.
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= LENGTH_BYTES) {
      const length = pending.readUInt16BE(0);
      if (pending.length < LENGTH_BYTES + length) return;
      const query = decodeQuery(pending.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
      pending = pending.subarray(LENGTH_BYTES + length);
      if (query === undefined) {
        socket.destroy();
        return;
      }
      const answer = encodeAnswer(query, answerQuery(zone(), query), 0xffff);
      const size = Buffer.alloc(LENGTH_BYTES);
      size.writeUInt16BE(answer.length);
      socket.write(Buffer.concat([size, answer]));
    }
  });
}
