import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { findProxies } from './process-usage.ts';

/** The code as it is published: stripping types at start, as `bin/nodemesh.js` does here, keeps 30 MiB per process. */
export const CLI = resolve('dist/cli/main.js');
const PROGRAMS = resolve('bench/macro/programs');

/** Each variant has a namespace with a client pod on the first node and a server pod on the second. */
export const VARIANTS = ['plain', 'nodemesh', 'haproxy', 'stunnel'] as const;
export type Variant = (typeof VARIANTS)[number];

/** What `load.ts` printed. */
export type LoadReport = Readonly<Record<string, number>>;

/** The lab that the bench runs in: every variant lives in the same namespaces, cables and kernel. */
export interface BenchLab {
  serverAddress(variant: Variant): string;
  /** Starts a command in a pod and leaves it running until `down`. */
  start(variant: Variant, pod: 'client' | 'server', ...command: readonly string[]): void;
  /** Runs the load program in a variant's client pod and returns its report. Rejects when it failed. */
  load(variant: Variant, mode: string, ...settings: readonly string[]): Promise<LoadReport>;
  /** The processes of this lab that carry a variant's bytes. */
  proxies(variant: Variant): readonly number[];
  /** Adds sleeping pods to the mesh, `perNode` on each node; resolves when the last is enrolled. */
  addCrowd(perNode: number): Promise<void>;
  down(): Promise<void>;
}

export interface BenchLabOptions {
  readonly name: string;
  /** For manifests. */
  readonly folder: string;
  readonly variants: readonly Variant[];
  /** Further ones of `lab up`. Default: none. */
  readonly flags?: readonly string[];
}

export async function startBenchLab(options: BenchLabOptions): Promise<BenchLab> {
  const { name, folder, variants, flags = [] } = options;
  const background: ChildProcess[] = [];
  const write = (title: string, objects: readonly object[]): string => {
    const path = join(folder, `${title}.yaml`);
    writeFileSync(path, objects.map((object) => stringify(object)).join('---\n'));
    return path;
  };
  const exec = (variant: Variant, pod: string, command: readonly string[]): string[] => [
    ...['lab', 'exec', '--name', name, '-n', variant, pod, '--'],
    ...command,
  ];
  // One may be left over from a run that was cut off.
  await nodemesh(['lab', 'down', '--name', name]).catch(() => undefined);
  await nodemesh([
    ...['lab', 'up', '--name', name, '--nodes', '2', ...flags],
    ...['-f', write(name, variants.flatMap(objectsOf))],
  ]);
  const addresses = new Map<Variant, string>();
  for (const variant of variants) {
    addresses.set(variant, await waitForAddress(name, variant));
    for (const pod of ['client', 'server']) await nodemesh(exec(variant, pod, ['sh', '-c', MANY_PORTS]));
  }
  const status = JSON.parse(await nodemesh(['lab', 'status', '--name', name, '-o', 'json'])) as {
    readonly stateDirectory: string;
  };
  return {
    serverAddress: (variant) => addresses.get(variant) ?? '',
    start(variant, pod, ...command) {
      background.push(spawn(process.execPath, [CLI, ...exec(variant, pod, command)], { stdio: 'ignore' }));
    },
    async load(variant, mode, ...settings) {
      const program = [process.execPath, join(PROGRAMS, 'load.ts'), mode, ...settings];
      const printed = await nodemesh(exec(variant, 'client', program));
      return JSON.parse(printed.trim().split('\n').at(-1) ?? '{}') as LoadReport;
    },
    proxies: (variant) =>
      variant === 'plain'
        ? []
        : findProxies(status.stateDirectory, variant === 'nodemesh' ? 'ztunnel' : variant),
    async addCrowd(perNode) {
      const crowd = ['node-1', 'node-2'].flatMap((node) =>
        Array.from({ length: perNode }, (_, index) =>
          podOf('nodemesh', `crowd-${node}-${index}`, node, ['sleep', 'infinity']),
        ),
      );
      await nodemesh(['lab', 'apply', '--name', name, '-f', write('crowd', crowd)]);
      await waitForEnrolled(name, crowd.length);
    },
    async down() {
      for (const child of background) child.kill();
      await nodemesh(['lab', 'down', '--name', name]);
    },
  };
}

/** So that a closed connection's port (TIME-WAIT) is not what limits the number of new ones. */
const MANY_PORTS =
  'echo 1100 65000 > /proc/sys/net/ipv4/ip_local_port_range; echo 1 > /proc/sys/net/ipv4/tcp_tw_reuse';

interface PodStatus {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
  readonly status?: { readonly podIP?: string; readonly phase?: string };
}

async function waitForAddress(lab: string, variant: Variant): Promise<string> {
  for (let attempt = 0; attempt < 60; attempt++) {
    const text = await nodemesh(['lab', 'get', 'pod', 'server', '--name', lab, '-n', variant, '-o', 'json']);
    const { status } = JSON.parse(text) as PodStatus;
    if (status?.phase === 'Running' && status.podIP !== undefined) return status.podIP;
    await new Promise((settle) => setTimeout(settle, 500));
  }
  throw new Error(`the ${variant} variant's server did not start within 30 s`);
}

async function waitForEnrolled(lab: string, atLeast: number): Promise<void> {
  let enrolled = 0;
  for (let attempt = 0; attempt < 90; attempt++) {
    const text = await nodemesh(['lab', 'get', 'pods', '--name', lab, '-n', 'nodemesh', '-o', 'json']);
    const listed = JSON.parse(text) as { readonly items?: readonly PodStatus[] } | readonly PodStatus[];
    const pods = 'items' in listed ? (listed.items ?? []) : (listed as readonly PodStatus[]);
    enrolled = pods.filter(
      ({ metadata }) => metadata?.annotations?.['ambient.istio.io/redirection'] === 'enabled',
    ).length;
    if (enrolled >= atLeast) return;
    await new Promise((settle) => setTimeout(settle, 1000));
  }
  throw new Error(`only ${enrolled} of ${atLeast} pods were enrolled within 90 s`);
}

function objectsOf(variant: Variant): readonly object[] {
  const labels = variant === 'nodemesh' ? { 'istio.io/dataplane-mode': 'ambient' } : {};
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: variant, labels } },
    podOf(variant, 'client', 'node-1', ['sleep', 'infinity']),
    podOf(variant, 'server', 'node-2', [process.execPath, join(PROGRAMS, 'responder.ts')]),
  ];
}

function podOf(namespace: string, name: string, nodeName: string, command: readonly string[]): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels: { app: name } },
    spec: { nodeName, terminationGracePeriodSeconds: 1, containers: [{ name: 'main', command }] },
  };
}

/** Runs the command line; rejects when it fails, with what it printed. */
export function nodemesh(args: readonly string[]): Promise<string> {
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
