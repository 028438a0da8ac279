import { connect, type Socket } from 'node:net';

/** What came over a raw connection, and how it ended. */
export interface RawAnswer {
  readonly text: string;
  readonly bytes: number;
  /** 'end' for FIN, else the error's code; 'open' when `until` was satisfied first. */
  readonly ending: string;
}

/** A connection whose bytes a check writes itself. */
export interface RawConnection {
  readonly socket: Socket;
  write(text: string): void;
  /** Half-closes. */
  end(): void;
  /** Resolves when what has come since the last call satisfies `until`, or at the end; its text is then forgotten. */
  read(until?: (text: string) => boolean): Promise<RawAnswer>;
  close(): void;
}

export async function openRaw(host: string, port: number): Promise<RawConnection> {
  const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
  let text = '';
  let ending = '';
  let wake: () => void = () => undefined;
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    wake();
  });
  const finish = (how: string): void => {
    ending ||= how;
    wake();
  };
  socket.on('end', () => finish('end'));
  socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? 'error'));
  socket.on('close', () => finish('close'));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return {
    socket,
    write: (data) => void socket.write(data, 'latin1'),
    end: () => void socket.end(),
    async read(until = () => false) {
      while (!until(text) && ending === '') {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const answer = { text, bytes: text.length, ending: until(text) ? 'open' : ending };
      text = '';
      return answer;
    },
    close: () => void socket.destroy(),
  };
}

/** Whether a text holds one whole HTTP/1.1 answer with a length or in chunks. */
export function isWholeAnswer(text: string): boolean {
  const head = text.indexOf('\r\n\r\n');
  if (head === -1) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head + 2))?.[1];
  if (length !== undefined) return text.length >= head + 4 + Number(length);
  return /\r\ntransfer-encoding: *chunked/i.test(text.slice(0, head + 2))
    ? /(?:^|\r\n)0\r\n(?:[^\r\n]+\r\n)*\r\n$/.test(text.slice(head + 2))
    : false;
}
