import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import type { BuiltImage } from '../build-image.ts';
import { type Mount, ociSpec, type Placement } from './oci-spec.ts';
import type { PodSpec } from './pod-spec.ts';
import { mountsOf, type VolumeFiles } from './volumes.ts';

export interface ContainerOptions extends Placement {
  readonly image: BuiltImage;
  readonly pod: PodSpec;
  /** The container's or init container's name. */
  readonly name: string;
  /** Stands for the node's root file system. */
  readonly host: string;
  readonly files: VolumeFiles;
  /** Lines of /etc/hosts: what the cluster's DNS would answer. */
  readonly hosts: readonly string[];
  /** A folder for what the runtime needs. */
  readonly folder: string;
}

export interface Container {
  /** Lines that it has written so far, of both streams. */
  readonly lines: readonly string[];
  /** Resolves with the exit code when it has ended. */
  readonly ended: Promise<number | null>;
  hasEnded(): boolean;
  /** Fields of /proc/PID/status of its first process, as the kernel writes them. */
  status(): Readonly<Record<string, string>>;
  /** SIGTERM, as a kubelet that takes a pod away. Resolves as `ended`. */
  stop(): Promise<number | null>;
  /** SIGKILL. Resolves as `ended`. */
  kill(): Promise<number | null>;
}

/** Starts one container of a pod with crun, by nothing but the pod's own fields. It ends with the test. */
export function runContainer(t: Test, options: ContainerOptions): Container {
  const { image, pod, name, podName } = options;
  const container = [...(pod.initContainers ?? []), ...pod.containers].find((one) => one.name === name);
  if (container === undefined) throw new Error(`expected a container ${name} in the pod`);
  const id = `${podName}-${name}`;
  const bundle = join(options.folder, id);
  mkdirSync(bundle, { recursive: true });
  const hosts = join(bundle, 'hosts');
  writeFileSync(hosts, ['127.0.0.1 localhost', '::1 localhost', ...options.hosts, ''].join('\n'));
  const resolver = join(bundle, 'resolv.conf');
  writeFileSync(resolver, 'nameserver 192.0.2.53\noptions timeout:1 attempts:1\n');
  const root = layer(t, image.root, bundle);
  const mounts: readonly Mount[] = [
    ...mountsOf(pod, container, {
      host: options.host,
      folder: join(bundle, 'volumes'),
      files: options.files,
    }),
    ...[
      ['/etc/hosts', hosts],
      ['/etc/resolv.conf', resolver],
    ].map(([destination = '', source = '']) => ({ destination, source, type: 'bind', options: ['bind'] })),
  ];
  const spec = ociSpec(image, pod, container, { ...options, mounts, root });
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec));

  const crun = ['--cgroup-manager=disabled', '--root', join(options.folder, 'state')];
  const child = spawn('crun', [...crun, 'run', '--bundle', bundle, id], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => lines.push(line));
  const ended = once(child, 'close').then(() => child.exitCode);
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const end = async (signal: string): Promise<number | null> => {
    if (!hasEnded()) {
      try {
        execFileSync('crun', [...crun, 'kill', id, signal], { stdio: 'pipe' });
      } catch {
        // It has ended meanwhile.
      }
    }
    return await ended;
  };
  t.teardown(() => end('KILL'));
  return {
    lines,
    ended,
    hasEnded,
    status() {
      const { pid } = JSON.parse(execFileSync('crun', [...crun, 'state', id], { encoding: 'utf8' })) as {
        readonly pid: number;
      };
      const text = readFileSync(`/proc/${pid}/status`, 'utf8');
      return Object.fromEntries(text.split('\n').map((line) => line.split(/:\s*/, 2) as [string, string]));
    },
    stop: () => end('TERM'),
    kill: () => end('KILL'),
  };
}

/** The image's files as this container sees them: a runtime makes the places where it mounts something. */
function layer(t: Test, imageRoot: string, bundle: string): string {
  const [root = '', upper = '', work = ''] = ['root', 'upper', 'work'].map((name) => join(bundle, name));
  for (const folder of [root, upper, work]) mkdirSync(folder);
  const options = `lowerdir=${resolve(imageRoot)},upperdir=${upper},workdir=${work}`;
  execFileSync('mount', ['-t', 'overlay', '-o', options, 'overlay', root], { stdio: 'pipe' });
  t.teardown(() => execFileSync('umount', ['--lazy', root], { stdio: 'pipe' }));
  return root;
}
