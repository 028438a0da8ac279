import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Duplex, Readable } from 'node:stream';
import { createFrameDecoder, encodeFrame, FRAME_KINDS, type FrameKind } from '../../exec-frames.ts';
import type { Lab } from '../lab.ts';
import { badRequest, type UpgradeHandler } from './router.ts';

/** Runs a program in a container and carries its streams as frames. When the caller goes, the program is killed. */
export function execRoute(lab: Lab): UpgradeHandler {
  return (query, socket) => {
    const command = parseCommand(query.get('command') ?? '');
    const child = lab.kubelet.exec({
      namespace: query.get('namespace') ?? 'default',
      pod: query.get('pod') ?? '',
      container: query.get('container') ?? '',
      command,
      stdio: 'pipe',
    });
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: nodemesh-exec\r\n\r\n');
    forward(child.stdout, FRAME_KINDS.stdout, socket);
    forward(child.stderr, FRAME_KINDS.stderr, socket);
    feed(child, socket);
    child.on('error', (error) => finish(socket, 126, error.message));
    child.on('close', (code, signal) =>
      finish(socket, code ?? 128 + (signal === null ? 0 : constants.signals[signal]), undefined),
    );
  };
}

function feed(child: ChildProcess, socket: Duplex): void {
  const decoder = createFrameDecoder();
  const { stdin } = child;
  // A program that does not read its input closes it: that is its right.
  stdin?.on('error', () => stdin.destroy());
  stdin?.on('drain', () => socket.resume());
  socket.on('data', (chunk: Buffer) => {
    for (const { kind, content } of decoder.push(chunk)) {
      if (kind === FRAME_KINDS.stdinEnd) stdin?.end();
      else if (kind === FRAME_KINDS.stdin && stdin?.writable === true && !stdin.write(content))
        socket.pause();
    }
  });
  stdin?.on('close', () => socket.resume());
  socket.on('close', () => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  });
}

function forward(source: Readable | null, kind: FrameKind, socket: Duplex): void {
  source?.on('data', (chunk: Buffer) => {
    if (socket.write(encodeFrame(kind, chunk))) return;
    source.pause();
    socket.once('drain', () => source.resume());
  });
}

function finish(socket: Duplex, code: number, message: string | undefined): void {
  if (message !== undefined) socket.write(encodeFrame(FRAME_KINDS.stderr, Buffer.from(`${message}\n`)));
  socket.end(encodeFrame(FRAME_KINDS.exit, Buffer.of(code & 0xff)));
}

function parseCommand(text: string): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw badRequest('command: expected a JSON list of strings', cause);
  }
  if (!Array.isArray(value) || value.length === 0 || !value.every((part) => typeof part === 'string'))
    throw badRequest('command: expected a JSON list of strings');
  return value;
}
