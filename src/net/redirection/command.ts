import { spawn } from 'node:child_process';
import { errnoOf } from '../../base/index.ts';
import { NetError } from '../errors.ts';
import type { NetNamespace } from '../namespace/network-namespace.ts';

/**
 * Runs a command inside a namespace and resolves with what it wrote. A process belongs to the namespace of the thread
 * that forks it, so neither nsenter nor blocking is needed. A few run at a time, the rest wait their turn. Rejects
 * with NetError when the command fails or takes too long.
 */
export async function runInside(
  namespace: NetNamespace,
  command: string,
  parameters: readonly string[],
  input = '',
): Promise<string> {
  if (running >= MOST_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else running += 1;
  try {
    return await run(namespace, command, parameters, input);
  } finally {
    // The place is handed on, or given back.
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
}

/** One of several commands that run one after the other. */
export interface CommandStep {
  readonly command: string;
  readonly parameters: readonly string[];
  /** Whole lines. */
  readonly input?: string;
}

/**
 * Commands inside a namespace, one after the other until one fails, and what each wrote. A shell starts them: to fork a
 * small process is much cheaper than to fork this one, for which all traffic waits. Rejects with NetError.
 */
export async function runEachInside(
  namespace: NetNamespace,
  steps: readonly CommandStep[],
): Promise<readonly string[]> {
  if (steps.length === 0) return [];
  const script = steps.map(
    ({ command, parameters, input = '' }) =>
      `${command} ${parameters.join(' ')} <<'${END_OF_INPUT}' || exit\n${input}${END_OF_INPUT}\necho '${END_OF_OUTPUT}'\n`,
  );
  const output = await runInside(namespace, 'sh', ['-s'], script.join(''));
  return output.split(`${END_OF_OUTPUT}\n`).slice(0, steps.length);
}

function run(
  namespace: NetNamespace,
  command: string,
  parameters: readonly string[],
  input: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = namespace.inside(() =>
      spawn(command, parameters, { stdio: ['pipe', 'pipe', 'pipe'], timeout: TIMEOUT_MS }),
    );
    let output = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    const fail = (reason: string, isMissing: boolean, cause?: unknown): void => {
      reject(commandError(`${command} in ${namespace.path} ${reason}`, { cause, input, isMissing }));
    };
    child.once('error', (error) => fail('did not run', errnoOf(error) === 'ENOENT', error));
    child.once('close', (status, signal) => {
      if (status === 0) resolve(output);
      else
        fail(
          `ended with ${signal ?? `status ${status}`}: ${complaint.trim()}`,
          status === SHELL_FOUND_NOTHING,
        );
    });
    // A command that ends without reading its input shows by its status.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

function commandError(
  message: string,
  { cause, input, isMissing }: { cause: unknown; input: string; isMissing: boolean },
): NetError {
  return new NetError({
    code: 'ERR_NET_COMMAND',
    blame: 'local',
    message,
    hint: isMissing
      ? 'install iptables (apt-get install iptables)'
      : input === ''
        ? undefined
        : `its input was: ${JSON.stringify(input)}`,
    cause,
  });
}

const SHELL_FOUND_NOTHING = 127;
const END_OF_INPUT = 'NODEMESH_END_OF_INPUT';
const END_OF_OUTPUT = '# nodemesh: end of output';

let running = 0;
const waiting: (() => void)[] = [];
/** Enrolling 40 pods took twice as long with all at once as with four at a time: the kernel's locks are shared. */
const MOST_AT_ONCE = 4;
const TIMEOUT_MS = 20_000;
