import { type ChildProcess, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';

/** Starts a program that writes what it has to say into a file. Rejects when it cannot be started. */
export async function startProgram(
  program: string,
  logFile: string,
  parameters: readonly string[],
): Promise<ChildProcess> {
  const log = await open(logFile, 'a');
  try {
    const child = spawn(program, parameters, { stdio: ['ignore', log.fd, log.fd] });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    return child;
  } finally {
    await log.close();
  }
}

/** Ends it, by force when it takes longer than 15 s, and waits until it is gone. */
export async function endProgram(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  const patience = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await ended;
  clearTimeout(patience);
}
