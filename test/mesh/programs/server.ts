// A TCP server with one behaviour per port, run inside lab pods: `node server.ts`. It ends on SIGTERM.
import { createHash } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { patternedBytes } from './pattern.ts';

/** Every behaviour that the mesh must carry unharmed, by port. */
const behaviours: Readonly<Record<number, (socket: Socket) => void>> = {
  /** Echo, with a half-close for a half-close. */
  7000: (socket) => void socket.pipe(socket),
  /** Server-first: a banner with the client's address before the client has said a word, then echo. */
  7001: (socket) => {
    socket.write(`hello ${socket.remoteAddress}\n`);
    socket.pipe(socket);
  },
  /** Takes bytes until the client's half-close, then answers with their count and SHA-256. */
  7002: (socket) => {
    const hash = createHash('sha256');
    let bytes = 0;
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      hash.update(chunk);
    });
    socket.on('end', () => socket.end(JSON.stringify({ bytes, sha256: hash.digest('hex') })));
  },
  /** Sends as many bytes as the first line asks for, then half-closes. */
  7003: (socket) => {
    socket.once('data', (line: Buffer) => {
      patternedBytes(Number(line.toString())).pipe(socket);
    });
  },
  /** Resets the connection at the first byte. */
  7004: (socket) => void socket.once('data', () => socket.resetAndDestroy()),
  /** Never reads. */
  7005: (socket) => void socket.pause(),
  /** Speaks and half-closes first, then counts what still arrives and says so on the console at the client's end. */
  7006: (socket) => {
    let bytes = 0;
    socket.end('all that I have to say\n');
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    socket.on('end', () => console.log(`after my half-close ${bytes} bytes arrived`));
  },
  /** Sends a thousand bytes and resets: a truncated answer. */
  7007: (socket) => {
    socket.write(Buffer.alloc(1000, 'x'), () => setTimeout(() => socket.resetAndDestroy(), 50));
  },
  /** Waits for the peer's abort and says on the console how it looked. */
  7008: (socket) => {
    socket.write('ready\n');
    socket.resume();
    socket.on('end', () => console.log('peer ended with FIN'));
    socket.on('error', (error: NodeJS.ErrnoException) => console.log(`peer ended with ${error.code}`));
  },
};

const servers: readonly Server[] = Object.entries(behaviours).map(([port, behave]) => {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    behave(socket);
  });
  return server.listen({ port: Number(port), host: '::', backlog: 4096 });
});
console.log(`listening on ${Object.keys(behaviours).join(' ')}`);
process.on('SIGTERM', () => {
  for (const server of servers) server.close();
  process.exit(0);
});
