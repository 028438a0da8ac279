import { type ByteStream, type Clock, systemClock } from '../../base/index.ts';
import { readServerName } from './server-name.ts';

export interface ServerNameOptions {
  readonly clock?: Clock | undefined;
  /** How long a client may take over its first message. Default 10 s. */
  readonly timeoutMs?: number | undefined;
}

/**
 * The server name that a TLS client asks for; undefined when it names none in time, or is no TLS client. Every byte is still
 * in the stream, which is left paused. Resolves also when the stream is gone; using it will tell.
 */
export function detectServerName(
  { duplex }: ByteStream,
  options: ServerNameOptions = {},
): Promise<string | undefined> {
  const { clock = systemClock, timeoutMs = 10_000 } = options;
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);
    const timer = clock.after(timeoutMs, () => settle(undefined));
    const settle = (serverName: string | undefined): void => {
      timer.cancel();
      duplex.off('readable', onReadable);
      duplex.off('close', onClose);
      duplex.pause();
      if (bytes.length > 0 && !duplex.destroyed) duplex.unshift(bytes);
      resolve(serverName);
    };
    const onReadable = (): void => {
      // 'readable' with nothing to read is the end. Reading would make it come, and then nothing could be put back.
      if (duplex.readableLength === 0) {
        settle(undefined);
        return;
      }
      const chunk: Buffer = duplex.read();
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const verdict = readServerName(bytes);
      if (verdict.kind !== 'incomplete') settle(verdict.kind === 'complete' ? verdict.serverName : undefined);
    };
    const onClose = (): void => settle(undefined);
    duplex.on('error', ignore);
    duplex.on('close', onClose);
    duplex.on('readable', onReadable);
    if (duplex.destroyed || duplex.readableEnded) onClose();
  });
}

function ignore(): void {
  // 'close' follows, and whoever uses the stream finds it closed.
}
