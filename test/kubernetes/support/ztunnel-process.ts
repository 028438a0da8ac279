import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import { runPod, SYSTEM, tokenOf } from './installed-mesh.ts';
import { eventually, type Kubectl } from './kubectl.ts';
import { type NodemeshProcess, spawnNodemesh } from './nodemesh-process.ts';

export interface ZtunnelOptions {
  readonly node: string;
  /** `host:port` of the controller. */
  readonly controller: string;
  /** The first of three ports in a row, on loopback. */
  readonly adminPort: number;
  /** Where its token and roots are written. */
  readonly folder: string;
  readonly flags?: readonly string[];
}

/**
 * `nodemesh ztunnel` as the DaemonSet runs it on a node: with the token that a kubelet would have asked for, bound to its
 * pod, and with the node's /proc and network namespace, which has the node's name. Resolves when it is ready.
 */
export async function startZtunnel(
  t: Test,
  kubectl: Kubectl,
  { node, controller, adminPort, folder, flags = [] }: ZtunnelOptions,
): Promise<NodemeshProcess> {
  const pod = `ztunnel-${node}`;
  await runPod(kubectl, { node, namespace: SYSTEM, name: pod, account: 'ztunnel', address: '192.0.2.1' });
  const [roots, token] = [join(folder, `${node}-roots`), join(folder, `${node}-token`)];
  await writeFile(roots, await rootsOf(kubectl));
  await writeFile(token, await tokenOf(kubectl, { ...ACCOUNT, pod }), { mode: 0o600 });
  const ztunnel = spawnNodemesh(t, [
    ...['ztunnel', '--node', node, '--pod-name', pod, '--controller', controller],
    ...['--controller-name', 'localhost', '--root-cert-file', roots, '--token-file', token],
    ...['--host-proc', '/proc', '--host-network-namespace', `/run/netns/${node}`, '--state-file', ''],
    ...['--admin', `127.0.0.1:${adminPort}`, '--metrics', `127.0.0.1:${adminPort + 1}`],
    ...['--readiness', `127.0.0.1:${adminPort + 2}`, '--dashboard-address', 'none', ...flags],
  ]);
  const seen = (): string => JSON.stringify(ztunnel.log.slice(-10));
  await eventually(
    `the ztunnel of ${node}`,
    () => {
      if (ztunnel.hasEnded()) throw new Error(`the ztunnel has ended: ${seen()}`);
      return ztunnel.log.some(({ message }) => message === 'ready');
    },
    seen,
  );
  return ztunnel;
}

const ACCOUNT = { namespace: SYSTEM, account: 'ztunnel', audience: 'istio-ca' } as const;

/** The mesh's roots, once the controller has told them. */
export async function rootsOf(kubectl: Kubectl): Promise<string> {
  const path = 'jsonpath={.data.root-cert\\.pem}';
  let roots = '';
  await eventually('the roots', async () => {
    const { status, stdout } = await kubectl([
      'get',
      'configmap',
      'nodemesh-root-cert',
      '-n',
      SYSTEM,
      '-o',
      path,
    ]);
    if (status === 0) roots = stdout;
    return roots !== '';
  });
  return roots;
}
