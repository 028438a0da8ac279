import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import type { NetNamespace } from '../../src/net/index.ts';
import { temporaryFolder } from './temporary-folder.ts';

const SOURCE = resolve(import.meta.dirname, '../../daemonset/cni/nodemesh-cni.c');

/** As the image builds it. */
export const PLUGIN_FLAGS: readonly string[] = ['-std=c11', '-Wall', '-Wextra', '-Werror', '-Os', '-static'];
/** With everything that a sanitizer can find made fatal. */
export const SANITIZED_FLAGS: readonly string[] = [
  ...['-std=c11', '-Wall', '-Wextra', '-Werror', '-g', '-O1'],
  ...['-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
];

/** Builds the plugin into a folder of its own and returns its path. Throws what the compiler says. */
export function buildPlugin(flags: readonly string[] = PLUGIN_FLAGS, compiler = 'gcc'): string {
  const file = join(temporaryFolder('nodemesh-cni'), 'nodemesh-cni');
  const { status, stderr, error } = spawnSync(compiler, [...flags, SOURCE, '-o', file], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${compiler} failed: ${stderr}`, { cause: error });
  return file;
}

export interface PluginCall {
  readonly command: string;
  /** CNI_* variables beside the command; undefined takes one of the defaults away. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** What is on standard input: text as it is, anything else as JSON. */
  readonly config: unknown;
  /** Standard input is never ended. Default false. */
  readonly keepsTalking?: boolean;
}

export interface PluginResult {
  readonly code: number | null;
  readonly stdout: string;
  /** Only sanitizers write there. */
  readonly stderr: string;
}

/** Runs a CNI plugin as a runtime does; `namespace` is the node's, where it is not this process's. */
export async function callPlugin(
  plugin: string,
  call: PluginCall,
  namespace?: NetNamespace,
): Promise<PluginResult> {
  const env = { CNI_COMMAND: call.command, ...POD_VARIABLES, ...call.variables };
  const start = () => spawn(plugin, [], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const child = namespace === undefined ? start() : namespace.inside(start);
  const closed = once(child, 'close');
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // A plugin that has made up its mind does not read the rest.
  child.stdin.on('error', () => undefined);
  child.stdin.write(typeof call.config === 'string' ? call.config : JSON.stringify(call.config));
  if (call.keepsTalking !== true) child.stdin.end();
  await closed;
  return { code: child.exitCode, stdout, stderr };
}

/** What a plugin's error says; throws where standard output is none. */
export function errorOf({ stdout }: PluginResult): {
  readonly cniVersion: string;
  readonly code: number;
  readonly msg: string;
  readonly details: string;
} {
  return JSON.parse(stdout) as ReturnType<typeof errorOf>;
}

/** `CNI_ARGS` as kubelets' runtimes give them. */
export function podArguments(namespace: string, name: string, uid: string): string {
  return `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=${name};K8S_POD_INFRA_CONTAINER_ID=c1;K8S_POD_UID=${uid}`;
}

const POD_VARIABLES = {
  CNI_CONTAINERID: 'c1',
  CNI_NETNS: '/run/netns/none',
  CNI_IFNAME: 'eth0',
  CNI_PATH: '/opt/cni/bin',
  CNI_ARGS: podArguments('shop', 'cart-1', 'uid-1'),
};
