import type { Readable } from 'node:stream';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';

/** How a script ended, and what it wrote. */
export interface ScriptResult {
  /** Undefined: the shell itself ended, or the script took too long. */
  readonly status: number | undefined;
  readonly output: string;
  readonly complaint: string;
}

/** A shell that lives on: to fork a small process takes a hundredth of what it takes to fork this one, for which all traffic waits. */
export interface Shell {
  readonly state: 'free' | 'busy' | 'ended';
  /** One at a time. `script` is whole lines and must not read its input. Rejects when the shell cannot be started. */
  run(script: string, timeoutMs: number): Promise<ScriptResult>;
  /** Ends it at once, with everything that it has started. Idempotent. */
  destroy(): void;
}

/** Its process ends with this one, and does not keep it alive. */
export function startShell(): Shell {
  // A group of its own: what it has started can be ended along with it.
  const child = spawn('sh', ['-s'], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  let state: Shell['state'] = 'free';
  let onOver: (error?: Error) => void = () => undefined;
  const over = (error?: Error): void => {
    state = 'ended';
    onOver(error);
  };
  child.once('error', over);
  child.once('close', () => over());
  // A shell that has ended shows by that.
  child.stdin.on('error', () => undefined);
  keepAlive(child, false);

  function destroy(): void {
    if (state === 'ended' || child.pid === undefined) return;
    state = 'ended';
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }

  return {
    get state() {
      return state;
    },
    run(script, timeoutMs) {
      state = 'busy';
      keepAlive(child, true);
      return new Promise<ScriptResult>((resolve, reject) => {
        const output = readUntilDone(child.stdout, settle);
        const complaint = readUntilDone(child.stderr, settle);
        const timer = setTimeout(() => {
          destroy();
          finish(undefined);
        }, timeoutMs);
        onOver = (error) => (error === undefined ? finish(undefined) : reject(error));
        child.stdin.write(`{\n${script}} </dev/null\necho "${DONE} $?"; echo "${DONE} 0" >&2\n`);

        function settle(): void {
          if (output.status !== undefined && complaint.status !== undefined) finish(output.status);
        }

        function finish(status: number | undefined): void {
          clearTimeout(timer);
          output.stop();
          complaint.stop();
          onOver = () => undefined;
          if (state === 'busy') state = 'free';
          keepAlive(child, false);
          resolve({ status, output: output.text, complaint: complaint.text });
        }
      });
    },
    destroy,
  };
}

interface Reader {
  /** What came before the mark. */
  readonly text: string;
  readonly status: number | undefined;
  stop(): void;
}

function readUntilDone(stream: Readable, onDone: () => void): Reader {
  let text = '';
  let status: number | undefined;
  const read = (chunk: string): void => {
    text += chunk;
    const mark = END.exec(text.slice(-END_LENGTH));
    if (mark === null) return;
    text = text.slice(0, -mark[0].length);
    status = Number(mark[1]);
    onDone();
  };
  stream.setEncoding('utf8').on('data', read);
  return {
    get text() {
      return text;
    },
    get status() {
      return status;
    },
    stop: () => void stream.off('data', read),
  };
}

function keepAlive(child: ChildProcessWithoutNullStreams, isWanted: boolean): void {
  for (const handle of [child, child.stdin, child.stdout, child.stderr]) {
    if (isWanted && 'ref' in handle && typeof handle.ref === 'function') handle.ref();
    if (!isWanted && 'unref' in handle && typeof handle.unref === 'function') handle.unref();
  }
}

const DONE = '# nodemesh: done';
/** As long as the mark can be. */
const END_LENGTH = 40;
const END = /# nodemesh: done (\d+)\n$/;
