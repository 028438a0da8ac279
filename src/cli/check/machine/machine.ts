import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { platform, release } from 'node:os';
import { descriptorLimit } from '../../../base/index.ts';
import type { CliContext } from '../../context.ts';

/** How a program ended. A code of its own, also where it was ended by a signal. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the checks may ask of the machine that they run on; nothing of it is changed. */
export interface Machine {
  readonly platform: string;
  /** As `uname -r` says. */
  readonly kernel: string;
  readonly isRoot: boolean;
  readonly nodeVersion: string;
  /** Files and sockets that a process may have open. */
  readonly descriptors: number;
  /** A file's content without the space around it; undefined when it is not there, or not for us. */
  read(path: string): string | undefined;
  /** Undefined when the program is not installed. Killed after 10 s. */
  run(command: readonly string[], input?: string): Promise<Ran | undefined>;
  /** Whether a program could listen on this TCP port of loopback now. */
  isFree(port: number): Promise<boolean>;
}

const TIMEOUT_MS = 10_000;

/** Its programs are run with the lab's environment, and within a time limit. */
export function thisMachine({ userId, labEnvironment }: CliContext): Machine {
  return {
    platform: platform(),
    kernel: release(),
    isRoot: userId === 0,
    nodeVersion: process.versions.node,
    descriptors: descriptorLimit(),
    read,
    run: (command, input) => run(command, input, labEnvironment),
    isFree,
  };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    // Whether it is missing or out of reach: there is nothing to be read.
    return undefined;
  }
}

function run(
  [program = '', ...args]: readonly string[],
  input: string | undefined,
  environment: Readonly<Record<string, string>>,
): Promise<Ran | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { env: { ...environment }, timeout: TIMEOUT_MS });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', () => resolve(undefined));
    // A program that ends early closes its end; its exit status tells the story.
    child.stdin.on('error', () => child.stdin.destroy());
    child.stdin.end(input);
    child.on('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
