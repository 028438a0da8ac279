import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { moduleFolder, root } from './assets.ts';

/** Programs of one Go module that pins them. */
export interface GoPrograms {
  /** What people call them. */
  readonly name: string;
  /** Has go.mod. */
  readonly module: string;
  /** Import paths of the programs; each is called as the path ends. */
  readonly packages: readonly string[];
  /** Where they go. */
  readonly folder: string;
  readonly tags?: readonly string[];
  /** For the linker: what a program is to say of itself. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Programs of the Kubernetes that test/kubernetes/apiserver/go.mod pins. */
export function kubernetesPrograms(folder: string, commands: readonly string[]): GoPrograms {
  const version = /^require k8s\.io\/kubernetes (v(\d+)\.(\d+)\.\S+)$/m.exec(
    readFileSync(join(moduleFolder, 'go.mod'), 'utf8'),
  );
  if (version === null)
    throw new Error('test/kubernetes/apiserver/go.mod names no version of k8s.io/kubernetes');
  const [, gitVersion = '', gitMajor = '', gitMinor = ''] = version;
  return {
    name: `Kubernetes ${gitVersion} (${commands.join(', ')})`,
    module: moduleFolder,
    packages: commands.map((command) => `k8s.io/kubernetes/cmd/${command}`),
    folder,
    variables: Object.fromEntries(
      Object.entries({ gitVersion, gitMajor, gitMinor }).map(([name, value]) => [
        `k8s.io/component-base/version.${name}`,
        value,
      ]),
    ),
  };
}

/** All that the nodes of `npm run test:cluster` run, and what rules them. */
export function clusterPrograms(folder: string): readonly GoPrograms[] {
  const programs = join(root, 'test', 'cluster', 'programs');
  const plugins = 'github.com/containernetworking/plugins/plugins';
  const containerd = 'github.com/containerd/containerd/v2/cmd';
  return [
    kubernetesPrograms(folder, ['kubelet', 'kube-proxy', 'kube-controller-manager', 'kube-scheduler']),
    {
      name: 'containerd',
      module: join(programs, 'containerd'),
      packages: ['containerd', 'containerd-shim-runc-v2', 'ctr'].map((name) => `${containerd}/${name}`),
      folder,
      tags: ['no_btrfs', 'no_devmapper', 'no_zfs'],
    },
    {
      name: 'CNI plugins',
      module: join(programs, 'cni-plugins'),
      packages: ['ipam/host-local', 'main/bridge', 'main/loopback'].map((name) => `${plugins}/${name}`),
      folder: join(folder, 'cni'),
    },
    { name: 'CoreDNS', module: join(programs, 'coredns'), packages: ['nodemesh.test/coredns'], folder },
  ];
}

/** The files that `buildPrograms` makes. */
export function filesOf({ packages, folder }: GoPrograms): readonly string[] {
  return packages.map((path) => join(folder, path.slice(path.lastIndexOf('/') + 1)));
}

/** Builds them unless they are there already, of the same pins. Throws with what is needed. */
export function buildPrograms(programs: GoPrograms): void {
  const { name, module, packages, folder, tags = [], variables = {} } = programs;
  const digest = createHash('sha256')
    .update(JSON.stringify({ packages, tags, variables, pins: readFileSync(join(module, 'go.mod'), 'utf8') }))
    .digest('hex');
  const stamp = join(folder, `.${digest.slice(0, 16)}`);
  if (existsSync(stamp) && filesOf(programs).every((file) => existsSync(file))) {
    process.stdout.write(`${name}: built already, in ${folder}\n`);
    return;
  }
  process.stderr.write(`building ${name} …\n`);
  mkdirSync(folder, { recursive: true });
  const linked = Object.entries(variables).map(([variable, value]) => `-X ${variable}=${value}`);
  const { status, error } = spawnSync(
    'go',
    [
      ...['build', '-trimpath', `-ldflags=${['-s', '-w', ...linked].join(' ')}`],
      ...['-tags', tags.join(), '-o', `${folder}/`, ...packages],
    ],
    { cwd: module, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, CGO_ENABLED: '0' } },
  );
  if (status !== 0)
    throw new Error(
      `expected \`go build\` to make ${name}, got ${error?.message ?? `exit code ${status}`}; Go 1.26 or newer and its module proxy are needed`,
    );
  writeFileSync(stamp, '');
  process.stdout.write(`${filesOf(programs).join('\n')}\n`);
}
