import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';

/** How the process of a filter is started. */
export interface FilterCommand {
  readonly program: string;
  readonly parameters: readonly string[];
  /** All of its environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Node with its permission model: no files but the ones that the process itself consists of, no processes, threads, add-ons
 * or inspector, no code out of text, a heap of the given size. Where util-linux is there, without capabilities, and so that
 * it ends with this process.
 */
export function filterCommand(memoryBytes: number): FilterCommand {
  const main = realpathSync(fileURLToPath(new URL(`../child/main.${EXTENSION}`, import.meta.url)));
  const folder = realpathSync(fileURLToPath(new URL('..', import.meta.url)));
  const node = [
    execPath,
    '--permission',
    ...['child', 'protocol'].map((part) => `--allow-fs-read=${folder}/${part}/*`),
    '--no-addons',
    '--disallow-code-generation-from-strings',
    '--disable-proto=delete',
    '--no-warnings',
    `--max-old-space-size=${Math.max(1, Math.floor(memoryBytes / MIB))}`,
    '--max-semi-space-size=4',
    main,
  ];
  const [program = execPath, ...parameters] = [...privilegePrefix(), ...cleanPrefix(), ...node];
  return { program, parameters, environment: ENVIRONMENT };
}

/** The strictest that works here; found out once. */
function privilegePrefix(): readonly string[] {
  tied ??= PREFIXES.find(
    ([program = '', ...options]) =>
      program === '' || spawnSync(program, [...options, 'true'], { stdio: 'ignore', env: {} }).status === 0,
  );
  return tied ?? [];
}

/**
 * What watches processes (test runners, agents of monitoring) likes to add to the environment of those that are started, for
 * Node to load more code. None of that is the filter's.
 */
function cleanPrefix(): readonly string[] {
  if (!existsSync(ENV)) return [];
  return [ENV, '-i', ...Object.entries(ENVIRONMENT).map(([name, value]) => `${name}=${value}`)];
}

/** The kernel ends the process when this one has ended, also when it hangs. */
const TIED = ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--no-new-privs'];
const PREFIXES: readonly (readonly string[])[] = [
  [...TIED, '--inh-caps=-all', '--bounding-set=-all'],
  TIED,
  [],
];
const ENV = '/usr/bin/env';
// One thread is enough for what a filter may ask of the pool (crypto.subtle).
const ENVIRONMENT = { UV_THREADPOOL_SIZE: '1' };
const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const MIB = 1024 * 1024;

let tied: readonly string[] | undefined;
