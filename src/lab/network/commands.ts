import { spawn } from 'node:child_process';
import { LabError } from '../errors.ts';

/** What a program is given, and how long it may take. */
export interface CommandOptions {
  /** Text for standard input. */
  readonly input?: string;
  /** The environment; nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  /** Killed after this many milliseconds. Default 20,000. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 20_000;

/** Runs a program to its end and returns what it wrote; throws LabError with its last words when it fails. */
export function runCommand(command: readonly string[], options: CommandOptions): Promise<string> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...options.environment },
      timeout: options.timeoutMs ?? TIMEOUT_MS,
    });
    let output = '';
    let complaints = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaints += text;
    });
    child.on('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new LabError({
          code: 'ERR_LAB_COMMAND',
          blame: 'local',
          message:
            cause.code === 'ENOENT' ? `the program ${program} is not installed` : `${program} did not start`,
          hint: 'on Debian: apt-get install iproute2 iptables util-linux',
          cause,
        }),
      );
    });
    // A program that ends early closes its end; its exit status tells the story better than EPIPE.
    child.stdin.on('error', () => child.stdin.destroy());
    child.stdin.end(options.input ?? '');
    child.on('close', (status, signal) => {
      if (status === 0) {
        resolve(output);
        return;
      }
      reject(
        new LabError({
          code: 'ERR_LAB_COMMAND',
          blame: 'local',
          message: `${command.slice(0, 6).join(' ')} ended with ${signal ?? status}: ${complaints.trim().slice(-500)}`,
        }),
      );
    });
  });
}

/** Puts a command into a network namespace of the lab. */
export function inNamespace(namespace: string, command: readonly string[]): readonly string[] {
  return ['nsenter', `--net=/run/netns/${namespace}`, '--', ...command];
}
