import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { LabError } from '../errors.ts';
import { createFrameDecoder, encodeFrame, FRAME_KINDS } from '../exec-frames.ts';
import { errorFromBody } from './remote-error.ts';

/** `stdin` undefined: the program's input ends at once. */
export interface ExecRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
  readonly stdin: Readable | undefined;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

const HEAD_END = '\r\n\r\n';

/** Speaks the supervisor's exec protocol on a fresh connection: an HTTP upgrade, then frames. */
export function runExec(socket: Socket, options: ExecRequest): Promise<number> {
  const { namespace, pod, container, command, stdin, stdout, stderr } = options;
  const query = new URLSearchParams({ namespace, pod, container, command: JSON.stringify(command) });
  return new Promise((resolve, reject) => {
    const decoder = createFrameDecoder();
    let head = Buffer.alloc(0);
    let upgraded = false;
    let exitCode: number | undefined;

    const onFrames = (chunk: Buffer): void => {
      for (const { kind, content } of decoder.push(chunk)) {
        if (kind === FRAME_KINDS.exit) exitCode = content[0] ?? 1;
        else if (!(kind === FRAME_KINDS.stderr ? stderr : stdout).write(content))
          pauseUntilDrained(socket, kind === FRAME_KINDS.stderr ? stderr : stdout);
      }
    };
    const onStdin = (chunk: Buffer): void => {
      if (socket.write(encodeFrame(FRAME_KINDS.stdin, chunk))) return;
      stdin?.pause();
      socket.once('drain', () => stdin?.resume());
    };
    const onStdinEnd = (): void => {
      socket.write(encodeFrame(FRAME_KINDS.stdinEnd));
    };
    const startInput = (): void => {
      if (stdin === undefined) onStdinEnd();
      else stdin.on('data', onStdin).once('end', onStdinEnd);
    };
    socket.on('data', (chunk) => {
      if (upgraded) {
        onFrames(chunk);
        return;
      }
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf(HEAD_END);
      if (end === -1 || !head.toString('latin1', 0, 12).endsWith('101')) return;
      upgraded = true;
      startInput();
      onFrames(head.subarray(end + HEAD_END.length));
    });
    socket.on('error', (cause) => {
      // Input that comes when the program has ended finds the connection closed: what the program said of itself counts.
      if (exitCode !== undefined) resolve(exitCode);
      else reject(upgraded ? broken(cause) : notRunning(cause));
    });
    socket.on('close', () => {
      stdin?.off('data', onStdin).off('end', onStdinEnd);
      stdin?.pause();
      if (exitCode !== undefined) resolve(exitCode);
      else if (upgraded) reject(broken());
      else reject(refusal(head));
    });
    socket.write(
      `GET /v1/exec?${query} HTTP/1.1\r\nhost: lab\r\nconnection: upgrade\r\nupgrade: nodemesh-exec\r\n\r\n`,
    );
  });
}

function pauseUntilDrained(socket: Socket, output: NodeJS.WritableStream): void {
  socket.pause();
  output.once('drain', () => socket.resume());
}

function refusal(head: Buffer): LabError {
  const body = head.toString('utf8', head.indexOf(HEAD_END) + HEAD_END.length);
  return body === '' ? broken() : errorFromBody(JSON.parse(body) as unknown);
}

function notRunning(cause: Error): LabError {
  return new LabError({
    code: 'ERR_LAB_NOT_RUNNING',
    blame: 'upstream',
    message: 'the lab is not running',
    cause,
  });
}

function broken(cause?: Error): LabError {
  return new LabError({
    code: 'ERR_LAB_UNAVAILABLE',
    blame: 'upstream',
    message: 'the connection to the supervisor broke before the program ended',
    cause,
  });
}
