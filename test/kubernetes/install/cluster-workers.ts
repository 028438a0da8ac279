import type { Test } from 'tap';
import type { Kubectl } from '../support/kubectl.ts';

interface Found {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly generation?: number;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly observedGeneration?: number };
}

/**
 * What the controllers of a cluster would do, and the mesh's own, of which none runs here: rollouts end, a namespace that
 * is deleted goes with all that is in it (its finalizer is the namespace controller's to take away), pods that are not to
 * be in the mesh are let go of.
 */
export function startWorkers(t: Test, kubectl: Kubectl): void {
  let closed = false;
  const work = async (): Promise<void> => {
    while (!closed) {
      await rollOut(kubectl);
      await endNamespaces(kubectl);
      await letPodsGo(kubectl);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };
  const working = work();
  // Whoever waits for its work says what is missing.
  working.catch(() => undefined);
  t.teardown(async () => {
    closed = true;
    await working.catch(() => undefined);
  });
}

async function itemsOf(kubectl: Kubectl, ...what: readonly string[]): Promise<readonly Found[]> {
  const { items } = await kubectl.get(...what);
  return items as readonly Found[];
}

async function rollOut(kubectl: Kubectl): Promise<void> {
  for (const kind of ['deployment', 'daemonset'])
    for (const { metadata, spec, status } of await itemsOf(kubectl, kind, '-A')) {
      const { name, namespace = '', generation = 1 } = metadata;
      if (status?.observedGeneration === generation) continue;
      const count = spec?.replicas ?? 1;
      const done = kind === 'deployment' ? deploymentStatus(count) : daemonSetStatus(count);
      // It may be gone by now.
      await kubectl([
        ...['patch', kind, name, '-n', namespace, '--subresource=status', '--type=merge'],
        ...['-p', JSON.stringify({ status: { observedGeneration: generation, ...done } })],
      ]);
    }
}

function deploymentStatus(count: number): object {
  return { replicas: count, updatedReplicas: count, readyReplicas: count, availableReplicas: count };
}

function daemonSetStatus(count: number): object {
  const scheduled = { desiredNumberScheduled: count, currentNumberScheduled: count, numberMisscheduled: 0 };
  return { ...scheduled, updatedNumberScheduled: count, numberReady: count, numberAvailable: count };
}

async function endNamespaces(kubectl: Kubectl): Promise<void> {
  for (const { metadata } of await itemsOf(kubectl, 'namespaces')) {
    const { name, deletionTimestamp } = metadata;
    if (deletionTimestamp === undefined) continue;
    const kinds = (await kubectl.must(['api-resources', '--namespaced', '--verbs=list,delete', '-o', 'name']))
      .trim()
      .split('\n');
    await kubectl.must(['delete', kinds.join(), '--all', '-n', name, '--wait=false']);
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: { finalizers: [] } };
    await kubectl.must(
      ['replace', '--raw', `/api/v1/namespaces/${name}/finalize`, '-f', '-'],
      JSON.stringify(body),
    );
  }
}

async function letPodsGo(kubectl: Kubectl): Promise<void> {
  const joined = new Set(
    (await itemsOf(kubectl, 'namespaces', '-l', 'istio.io/dataplane-mode=ambient')).map(
      ({ metadata }) => metadata.name,
    ),
  );
  for (const { metadata } of await itemsOf(kubectl, 'pods', '-A')) {
    const { name, namespace = '', annotations } = metadata;
    if (annotations?.['ambient.istio.io/redirection'] !== undefined && !joined.has(namespace))
      await kubectl.must(['annotate', 'pod', name, '-n', namespace, 'ambient.istio.io/redirection-']);
  }
}
