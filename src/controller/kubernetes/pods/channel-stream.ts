import { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { KubernetesError } from '../errors.ts';

/**
 * The bytes of one forwarded connection. In the protocol that kubelets speak to WebSockets each message begins with a
 * channel's number: of one port 0 carries its bytes and 1 what went wrong, and both begin with the port's number.
 * There is no half-close: ending the stream ends both of its directions.
 */
export function channelStream(socket: WebSocket, what: string): Duplex {
  const skips = [PORT_BYTES, PORT_BYTES];
  let answered = true;
  const stream = new Duplex({
    // What the pod has ended is over: nobody reads what would still be written.
    allowHalfOpen: false,
    read: () => socket.resume(),
    write(chunk: Buffer, _encoding, done) {
      const message = Buffer.allocUnsafe(chunk.length + 1);
      message[0] = DATA_CHANNEL;
      chunk.copy(message, 1);
      socket.send(message, { binary: true }, done);
    },
    final(done) {
      socket.close();
      done();
    },
    destroy(error, done) {
      clearInterval(heartbeat);
      socket.terminate();
      done(error);
    },
  });
  const fail = (message: string, cause?: unknown): void => {
    stream.destroy(broken(what, message, cause));
  };

  const heartbeat = setInterval(() => {
    if (!answered) return fail(`no sign of life for ${HEARTBEAT_MS / 1_000} s`);
    answered = false;
    socket.ping();
  }, HEARTBEAT_MS);
  heartbeat.unref();

  socket.on('pong', () => {
    answered = true;
  });
  socket.on('message', (data: RawData, isBinary) => {
    answered = true;
    const bytes = Buffer.isBuffer(data) ? data : undefined;
    const channel = bytes?.[0];
    if (!isBinary || bytes === undefined || (channel !== DATA_CHANNEL && channel !== ERROR_CHANNEL))
      return fail('expected a message of channel 0 or 1, got another');
    const skipped = Math.min(skips[channel] ?? 0, bytes.length - 1);
    skips[channel] = (skips[channel] ?? 0) - skipped;
    const content = bytes.subarray(1 + skipped);
    if (content.length === 0) return;
    if (channel === ERROR_CHANNEL) fail(content.toString('utf8', 0, LONGEST_MESSAGE).trim());
    else if (!stream.push(content)) socket.pause();
  });
  socket.on('error', (cause) => fail('the connection broke', cause));
  socket.on('close', (code) => {
    if (code === BROKEN_OFF) fail('the connection broke');
    else stream.push(null);
  });
  return stream;
}

function broken(what: string, message: string, cause?: unknown): KubernetesError {
  return new KubernetesError({
    code: 'ERR_KUBERNETES_UNREACHABLE',
    message: `${what}: ${message}`,
    retryable: true,
    cause,
  });
}

const DATA_CHANNEL = 0;
const ERROR_CHANNEL = 1;
/** Little-endian. */
const PORT_BYTES = 2;
/** RFC 6455, section 7.4.1: no close frame came. */
const BROKEN_OFF = 1006;
/** Load balancers in between let go of what is silent for longer. */
const HEARTBEAT_MS = 30_000;
const LONGEST_MESSAGE = 1_000;
