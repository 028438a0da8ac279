import { closeSync, openSync } from 'node:fs';
import { NetError } from '../errors.ts';
import type { NetNamespace } from '../namespace/network-namespace.ts';
import { type Shell, startShell } from './shell.ts';

/**
 * Runs a command inside a namespace and resolves with what it wrote. A few run at a time, the rest wait their turn. Rejects
 * with NetError when the command fails or takes too long.
 */
export async function runInside(
  namespace: NetNamespace,
  command: string,
  parameters: readonly string[],
  input = '',
): Promise<string> {
  return run(namespace, command, scriptOf({ command, parameters, input }), input);
}

/** One of several commands that run one after the other. */
export interface CommandStep {
  readonly command: string;
  readonly parameters: readonly string[];
  /** Whole lines. */
  readonly input?: string;
}

/** Commands inside a namespace, one after the other until one fails, and what each wrote. Rejects with NetError. */
export async function runEachInside(
  namespace: NetNamespace,
  steps: readonly CommandStep[],
): Promise<readonly string[]> {
  if (steps.length === 0) return [];
  const script = steps.map((step) => `${scriptOf(step)}echo '${END_OF_OUTPUT}'\n`).join('');
  const names = steps.map(({ command }) => command).join(', ');
  const output = await run(namespace, names, script, steps.map(({ input = '' }) => input).join(''));
  return output.split(`${END_OF_OUTPUT}\n`).slice(0, steps.length);
}

async function run(namespace: NetNamespace, name: string, script: string, input: string): Promise<string> {
  const result = await inTurn(async (shell) => {
    // A handle of its own for as long as it runs: the number of one that is closed meanwhile would mean something else.
    const handle = namespace.inside(() => openSync('/proc/thread-self/ns/net', 'r'));
    try {
      const enter = `nsenter --net=/proc/$PPID/fd/${handle} sh -s`;
      return await shell().run(`${enter} <<'${END_OF_SCRIPT}'\n${script}${END_OF_SCRIPT}\n`, TIMEOUT_MS);
    } finally {
      closeSync(handle);
    }
  });
  if (result.status === 0) return result.output;
  const how = result.status === undefined ? 'did not end in time' : `ended with status ${result.status}`;
  throw new NetError({
    code: 'ERR_NET_COMMAND',
    blame: 'local',
    message: `${name} in ${namespace.path} ${how}: ${result.complaint.trim()}`,
    hint:
      result.status === FOUND_NOTHING
        ? 'install iptables and util-linux (apt-get install iptables util-linux)'
        : input === ''
          ? undefined
          : `its input was: ${JSON.stringify(input)}`,
  });
}

/** A command and its input as lines of a shell's script that end it when the command fails. */
function scriptOf({ command, parameters, input = '' }: CommandStep): string {
  const words = [command, ...parameters].map(quote).join(' ');
  if (input === '') return `${words} </dev/null || exit\n`;
  return `${words} <<'${END_OF_INPUT}' || exit\n${input}${END_OF_INPUT}\n`;
}

function quote(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Waits for its turn, in which it may use a shell. */
async function inTurn<T>(work: (shell: () => Shell) => Promise<T>): Promise<T> {
  if (running >= MOST_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else running += 1;
  clearTimeout(rest);
  try {
    return await work(freeShell);
  } finally {
    release();
  }
}

function freeShell(): Shell {
  const usable = shells.filter(({ state }) => state !== 'ended');
  const shell = usable.find(({ state }) => state === 'free') ?? startShell();
  shells = usable.includes(shell) ? usable : [...usable, shell];
  return shell;
}

/** The place is handed on, or given back; shells that nobody needs for a while end. */
function release(): void {
  const next = waiting.shift();
  if (next !== undefined) {
    next();
    return;
  }
  running -= 1;
  if (running > 0) return;
  rest = setTimeout(endShells, REST_MS).unref();
}

/** Ends shells that have nothing to do; one with this process's environment of then is started for the next command. */
export function endShells(): void {
  for (const shell of shells) if (shell.state === 'free') shell.destroy();
  shells = shells.filter(({ state }) => state !== 'ended');
}

const FOUND_NOTHING = 127;
const END_OF_SCRIPT = 'NODEMESH_END_OF_SCRIPT';
const END_OF_INPUT = 'NODEMESH_END_OF_INPUT';
const END_OF_OUTPUT = '# nodemesh: end of output';

let running = 0;
let rest: NodeJS.Timeout | undefined;
let shells: readonly Shell[] = [];
const waiting: (() => void)[] = [];
/** Enrolling 40 pods took twice as long with all at once as with four at a time: the kernel's locks are shared. */
const MOST_AT_ONCE = 4;
const TIMEOUT_MS = 20_000;
const REST_MS = 10_000;
