import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';

const CLI = resolve('bin/nodemesh.js');
const PROGRAMS = resolve('test/mesh/programs');

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A lab that a test brought up by the very commands that a user types. */
export interface LabUnderTest {
  readonly name: string;
  /** `nodemesh lab ARGS`; rejects when it fails, with what it printed. */
  lab(...args: string[]): Promise<string>;
  /** `nodemesh ARGS`, the same. */
  nodemesh(...args: string[]): Promise<string>;
  apply(...objects: readonly object[]): Promise<void>;
  /** Runs a client behaviour of test/mesh/programs/client.ts in a pod and parses its answer. */
  client(pod: PodName, behaviour: string, target: Target, ...numbers: number[]): Promise<ClientAnswer>;
  down(): Promise<void>;
}

export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

export interface Target {
  readonly host: string;
  readonly port: number;
}

export type ClientAnswer = Readonly<Record<string, unknown>>;

/** Any command, with everything it prints; never rejects for an exit code. */
export function runCommand(
  command: string,
  args: readonly string[],
  timeoutMs = 300_000,
): Promise<CommandResult> {
  return new Promise((settle, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      settle({ code: code ?? -1, stdout, stderr });
    });
  });
}

/** `upOptions`: more of what `lab up` takes. */
export async function startLab(
  name: string,
  objects: readonly object[],
  upOptions: readonly string[] = [],
): Promise<LabUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'nodemesh-test-'));
  let files = 0;
  const write = async (items: readonly object[]): Promise<string> => {
    const path = join(folder, `${files++}.yaml`);
    await writeFile(path, items.map((item) => stringify(item)).join('---\n'));
    return path;
  };
  const nodemesh = async (...args: string[]): Promise<string> => {
    const result = await runCommand(process.execPath, [CLI, ...args], 240_000);
    if (result.code === 0) return result.stdout;
    throw new Error(
      `nodemesh ${args.join(' ')} exited with ${result.code}: ${result.stderr}${result.stdout}`,
    );
  };
  const lab = (verb = '', ...args: string[]): Promise<string> =>
    nodemesh('lab', verb, '--name', name, ...args);
  await runCommand(process.execPath, [CLI, 'lab', 'down', '--name', name]);
  await lab('up', '-f', await write(objects), ...upOptions);
  return {
    name,
    lab,
    nodemesh: (...args) => nodemesh(...args, '--lab', name),
    async apply(...items) {
      await lab('apply', '-f', await write(items));
    },
    async client(pod, behaviour, target, ...numbers) {
      const printed = await lab(
        'exec',
        '-n',
        pod.namespace,
        pod.name,
        '--',
        'node',
        join(PROGRAMS, 'client.ts'),
        behaviour,
        target.host,
        String(target.port),
        ...numbers.map(String),
      );
      return JSON.parse(printed.trim().split('\n').at(-1) ?? '') as ClientAnswer;
    },
    async down() {
      await lab('down');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
