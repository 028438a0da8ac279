import type { Test } from 'tap';
import type { ApiObject } from '../../support/kubernetes-api/api-object.ts';
import type { InstallCluster } from './cluster-fixture.ts';

/** Puts the mesh there; what becomes of its rollout is not waited for. */
export async function install({ run }: InstallCluster, ...flags: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await run('install', '--no-wait', ...flags);
  if (code !== 0) throw new Error(`expected nodemesh install to end with 0, got ${code}: ${stdout}${stderr}`);
}

/** Those of two nodes; told to end only where a test says so, for nobody here collects garbage. */
export function ztunnelPods({ api }: InstallCluster): { mark(): void; end(): void } {
  const names = ['ztunnel-a', 'ztunnel-b'];
  for (const name of names) api.put(podOf(name, 'ztunnel'));
  return {
    mark: () => {
      for (const name of names) {
        const pod = podOf(name, 'ztunnel');
        api.put({ ...pod, metadata: { ...pod.metadata, deletionTimestamp: new Date().toISOString() } });
      }
    },
    end: () => {
      for (const name of names) api.remove('Pod', SYSTEM, name);
    },
  };
}

/** A pod of ours, of which nothing but its component matters. */
export function podOf(name: string, component: string): ApiObject {
  const labels = { 'app.kubernetes.io/name': 'nodemesh', 'app.kubernetes.io/component': component };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: SYSTEM, labels } };
}

/** Whether a command has said all of it, one after the other. */
export function inOrder(t: Test, text: string, steps: readonly string[]): void {
  const places = steps.map((step) => text.indexOf(step));
  t.same(
    places,
    [...places].sort((one, other) => one - other),
    steps.join(', '),
  );
  t.same(
    steps.filter((_, index) => places[index] === -1),
    [],
    'all are said',
  );
}

/** Waits for it; throws after a minute. */
export async function until(isSo: () => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`waited in vain until ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const SYSTEM = 'nodemesh-system';
