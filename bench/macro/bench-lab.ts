import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';

const CLI = resolve('bin/nodemesh.js');
const LAB = 'bench';
export const PROGRAMS = resolve('bench/macro/programs');

/** Each variant has a namespace with a client pod on the first node and a server pod on the second. */
export const VARIANTS = ['plain', 'nodemesh', 'haproxy', 'stunnel'] as const;
export type Variant = (typeof VARIANTS)[number];

/** The lab that the bench runs in: every variant lives in the same namespaces, cables and kernel. */
export interface BenchLab {
  serverAddress(variant: Variant): string;
  /** Runs a command in a pod and returns what it printed. */
  run(variant: Variant, pod: 'client' | 'server', ...command: readonly string[]): Promise<string>;
  /** Starts a command in a pod and leaves it running until `down`. */
  start(variant: Variant, pod: 'client' | 'server', ...command: readonly string[]): void;
  apply(name: string, objects: readonly object[]): Promise<void>;
  down(): Promise<void>;
}

export async function startBenchLab(folder: string): Promise<BenchLab> {
  const background: ChildProcess[] = [];
  const write = (name: string, objects: readonly object[]): string => {
    const path = join(folder, `${name}.yaml`);
    writeFileSync(path, objects.map((object) => stringify(object)).join('---\n'));
    return path;
  };
  await nodemesh(['lab', 'down', '--name', LAB]).catch(() => undefined);
  await nodemesh([
    'lab',
    'up',
    '--name',
    LAB,
    '--nodes',
    '2',
    '-f',
    write('bench', VARIANTS.flatMap(objectsOf)),
  ]);
  const addresses = new Map<Variant, string>();
  for (const variant of VARIANTS) addresses.set(variant, await waitForAddress(variant));
  const exec = (variant: Variant, pod: string, command: readonly string[]): string[] => [
    ...['lab', 'exec', '--name', LAB, '-n', variant, pod, '--'],
    ...command,
  ];
  return {
    serverAddress: (variant) => addresses.get(variant) ?? '',
    run: (variant, pod, ...command) => nodemesh(exec(variant, pod, command)),
    start(variant, pod, ...command) {
      background.push(spawn(process.execPath, [CLI, ...exec(variant, pod, command)], { stdio: 'ignore' }));
    },
    async apply(name, objects) {
      await nodemesh(['lab', 'apply', '--name', LAB, '-f', write(name, objects)]);
    },
    async down() {
      for (const child of background) child.kill();
      await nodemesh(['lab', 'down', '--name', LAB]);
    },
  };
}

async function waitForAddress(variant: Variant): Promise<string> {
  for (let attempt = 0; attempt < 60; attempt++) {
    const text = await nodemesh(['lab', 'get', 'pod', 'server', '--name', LAB, '-n', variant, '-o', 'json']);
    const pod = JSON.parse(text) as { status?: { podIP?: string; phase?: string } };
    if (pod.status?.phase === 'Running' && pod.status.podIP !== undefined) return pod.status.podIP;
    await new Promise((settle) => setTimeout(settle, 500));
  }
  throw new Error(`the ${variant} variant's server did not start within 30 s`);
}

function objectsOf(variant: Variant): readonly object[] {
  const labels = variant === 'nodemesh' ? { 'istio.io/dataplane-mode': 'ambient' } : {};
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: variant, labels } },
    podOf(variant, 'client', 'node-1', ['sleep', 'infinity']),
    podOf(variant, 'server', 'node-2', ['node', join(PROGRAMS, 'responder.ts')]),
  ];
}

export function podOf(namespace: string, name: string, nodeName: string, command: readonly string[]): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels: { app: name } },
    spec: { nodeName, terminationGracePeriodSeconds: 1, containers: [{ name: 'main', command }] },
  };
}

function nodemesh(args: readonly string[]): Promise<string> {
  return new Promise((settle, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) settle(stdout);
      else reject(new Error(`nodemesh ${args.join(' ')} exited with ${code}: ${stderr}${stdout}`));
    });
  });
}
