import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { type Apartness, spawnApart } from '../../../net/index.ts';
import { filterCommand } from './filter-command.ts';

/** A process of a filter that has been started and has said nothing yet. */
export interface LaunchedProcess {
  readonly pid: number;
  /** Frames both ways. */
  readonly socket: Socket;
  readonly apart: Apartness;
  /** Resolves when the process is gone, with what it ended with and the end of what it wrote to stderr. */
  readonly exited: Promise<ProcessExit>;
  kill(): void;
}

/** How a process has ended, with the end of what it wrote on standard error. */
export interface ProcessExit {
  readonly code: number | undefined;
  readonly signal: string | undefined;
  readonly stderr: string;
}

/** Throws (NetError, or what spawn throws) where it cannot be started. */
export function launchProcess(memoryBytes: number): LaunchedProcess {
  const { program, parameters, environment } = filterCommand(memoryBytes);
  const { result: child, apart } = spawnApart(() =>
    spawn(program, parameters, {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      env: environment,
      cwd: '/',
      // A process group of its own: signals to "its group" must not reach the waypoint.
      detached: true,
    }),
  );
  const socket = child.stdio[3];
  if (!(socket instanceof Socket))
    throw new TypeError('expected a socket to the process of the filter, got none');
  // Its end is told by the exit of the process.
  socket.on('error', () => undefined);
  return {
    pid: child.pid ?? 0,
    socket,
    apart,
    exited: exitOf(child),
    kill: () => void child.kill('SIGKILL'),
  };
}

function exitOf(child: ChildProcess): Promise<ProcessExit> {
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-LONGEST_STDERR);
  });
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: undefined, signal: undefined, stderr: error.message }));
    child.on('close', (code, signal) =>
      resolve({ code: code ?? undefined, signal: signal ?? undefined, stderr: stderr.trim() }),
    );
  });
}

const LONGEST_STDERR = 4_096;
