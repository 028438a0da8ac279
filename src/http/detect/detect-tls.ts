import { type ByteStream, type Clock, systemClock } from '../../base/index.ts';
import { readServerName } from './server-name.ts';

/** How long the first message may take. */
export interface TlsDetectOptions {
  readonly clock?: Clock | undefined;
  /** How long a client may take over its first message. Default 10 s. */
  readonly timeoutMs?: number | undefined;
}

/** What a client's first message says. */
export interface TlsGreeting {
  /** It is one of TLS. */
  readonly isTls: boolean;
  /** In lower case; undefined when it names none. */
  readonly serverName: string | undefined;
}

/**
 * Whether a client speaks TLS, and the server name that it asks for. Every byte is still in the stream, which is left paused.
 * Resolves also when the client says nothing in time or is gone; using the stream will tell.
 */
export function detectTls({ duplex }: ByteStream, options: TlsDetectOptions = {}): Promise<TlsGreeting> {
  const { clock = systemClock, timeoutMs = 10_000 } = options;
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);
    const timer = clock.after(timeoutMs, () => settle(NO_TLS));
    const settle = (greeting: TlsGreeting): void => {
      timer.cancel();
      duplex.off('readable', onReadable);
      duplex.off('close', onClose);
      duplex.pause();
      if (bytes.length > 0 && !duplex.destroyed) duplex.unshift(bytes);
      resolve(greeting);
    };
    const onReadable = (): void => {
      // 'readable' with nothing to read is the end. Reading would make it come, and then nothing could be put back.
      if (duplex.readableLength === 0) {
        settle(NO_TLS);
        return;
      }
      const chunk: Buffer = duplex.read();
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const verdict = readServerName(bytes);
      if (verdict.kind === 'complete') settle({ isTls: true, serverName: verdict.serverName });
      if (verdict.kind === 'invalid') settle(NO_TLS);
    };
    const onClose = (): void => settle(NO_TLS);
    duplex.on('error', ignore);
    duplex.on('close', onClose);
    duplex.on('readable', onReadable);
    if (duplex.destroyed || duplex.readableEnded) onClose();
  });
}

function ignore(): void {
  // 'close' follows, and whoever uses the stream finds it closed.
}

const NO_TLS: TlsGreeting = { isTls: false, serverName: undefined };
