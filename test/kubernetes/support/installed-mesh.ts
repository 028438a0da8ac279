import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { conformancePath } from '../../support/conformance.ts';
import type { Kubectl } from './kubectl.ts';

export const SYSTEM = 'nodemesh-system';

/** Kinds of all three families, then everything that we ship; what kubectl said to each. */
export async function installMesh(kubectl: Kubectl): Promise<readonly string[]> {
  const outputs: string[] = [];
  for (const where of [
    ['-f', conformancePath('gateway-api/crd/experimental')],
    ['-k', 'daemonset/istio-crds'],
    ['-k', 'daemonset/kustomize/crds'],
  ]) {
    const { status, output } = await kubectl(['apply', '--server-side', '--force-conflicts', ...where]);
    if (status !== 0) throw new Error(output);
    outputs.push(output);
  }
  await kubectl.must(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
  const { status, output } = await kubectl([
    ...['apply', '--server-side', '--force-conflicts', '-k', 'daemonset/kustomize/base'],
  ]);
  if (status !== 0) throw new Error(output);
  outputs.push(output);
  return outputs;
}

/** As kubectl takes several at once. */
export function listOf(items: readonly object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

export interface TokenRequest {
  readonly namespace: string;
  readonly account: string;
  /** Default: the API server's own. */
  readonly audience?: string;
  /** The pod that the token is bound to. Default: none. */
  readonly pod?: string;
}

/** As a kubelet asks for a projected token. */
export async function tokenOf(kubectl: Kubectl, request: TokenRequest): Promise<string> {
  const { namespace, account, audience, pod } = request;
  const token = await kubectl.must([
    ...['create', 'token', account, '-n', namespace],
    ...(audience === undefined ? [] : ['--audience', audience]),
    ...(pod === undefined ? [] : ['--bound-object-kind', 'Pod', '--bound-object-name', pod]),
  ]);
  return token.trim();
}

/** A kubeconfig whose user has nothing but the token, written into the folder. */
export async function kubeconfigWith(kubectl: Kubectl, folder: string, token: string): Promise<string> {
  const config = JSON.parse(
    await kubectl.must(['config', 'view', '--raw', '--minify', '--flatten', '-o', 'json']),
  ) as { readonly users: readonly { readonly name: string }[] };
  const file = join(folder, `kubeconfig-${crypto.randomUUID()}`);
  const users = config.users.map(({ name }) => ({ name, user: { token } }));
  await writeFile(file, JSON.stringify({ ...config, users }), { mode: 0o600 });
  return file;
}

export interface PodPlace {
  readonly namespace: string;
  readonly name: string;
  readonly account: string;
  readonly node: string;
  readonly address: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Default: `main`. */
  readonly container?: string;
}

/** A pod that runs, as far as the API server is told: there is no kubelet to say so. */
export async function runPod(kubectl: Kubectl, pod: PodPlace): Promise<void> {
  const { namespace, name, account, node, address, labels = { app: name }, container = 'main' } = pod;
  await kubectl.must(
    ['apply', '-f', '-'],
    listOf(
      [
        { apiVersion: 'v1', kind: 'Node', metadata: { name: node } },
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: account } },
        {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { namespace, name, labels },
          spec: {
            serviceAccountName: account,
            nodeName: node,
            automountServiceAccountToken: false,
            terminationGracePeriodSeconds: 0,
            containers: [{ name: container, image: 'none.invalid/none:1' }],
          },
        },
      ]
        // Those of the mesh itself are there as they were shipped.
        .filter(({ kind }) => namespace !== SYSTEM || kind === 'Node' || kind === 'Pod'),
    ),
  );
  const status = {
    phase: 'Running',
    podIP: address,
    podIPs: [{ ip: address }],
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [
      {
        ...{ name: container, ready: true, restartCount: 0, image: '', imageID: '' },
        state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
      },
    ],
  };
  await kubectl.must([
    ...['patch', 'pod', name, '-n', namespace, '--subresource=status', '--type=merge'],
    ...['-p', JSON.stringify({ status })],
  ]);
}
