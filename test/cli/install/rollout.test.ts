import { test } from 'tap';
import type { FakeKubernetesApi } from '../../support/kubernetes-api/fake-kubernetes-api.ts';
import { startInstallCluster } from './cluster-fixture.ts';

const SYSTEM = 'nodemesh-system';
const OWN = { 'app.kubernetes.io/name': 'nodemesh', 'app.kubernetes.io/component': 'ztunnel' };

/** As a kubelet writes it with `terminationMessagePolicy: FallbackToLogsOnError`. */
const CRASHED = {
  state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s restarting failed container' } },
  lastState: {
    terminated: {
      reason: 'Error',
      exitCode: 1,
      message: `{"level":"info","message":"starts"}\n{"level":"error","error":"the token is of another cluster","message":"start failed"}\n`,
    },
  },
};

interface Ztunnel {
  readonly node: string;
  readonly revision: number;
  readonly ready: boolean;
  readonly drains?: boolean;
  readonly crashes?: boolean;
}

/** As the DaemonSet controller counts while every node has an old pod that drains: the old ones alone. */
function drain(api: FakeKubernetesApi): void {
  const daemonSet = api.get('DaemonSet', SYSTEM, 'ztunnel');
  if (daemonSet === undefined) throw new Error('no DaemonSet');
  const { generation: observedGeneration } = daemonSet.metadata;
  const counts = {
    desiredNumberScheduled: 2,
    currentNumberScheduled: 2,
    numberReady: 0,
    numberUnavailable: 2,
  };
  api.put({ ...daemonSet, kind: 'DaemonSet', status: { observedGeneration, ...counts } });
}

function putZtunnels(api: FakeKubernetesApi, ...pods: readonly Ztunnel[]): void {
  for (const revision of [1, 2, 10])
    api.put({
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        namespace: SYSTEM,
        name: `ztunnel-${revision}`,
        labels: { ...OWN, 'controller-revision-hash': `hash-${revision}` },
      },
      revision,
    });
  for (const { node, revision, ready, drains = false, crashes = false } of pods)
    api.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        namespace: SYSTEM,
        name: `ztunnel-${node}-${revision}`,
        labels: { ...OWN, 'controller-revision-hash': `hash-${revision}` },
        ...(drains ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
      },
      spec: { nodeName: node },
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
        containerStatuses: crashes
          ? [{ name: 'ztunnel', restartCount: 4, state: CRASHED.state, lastState: CRASHED.lastState }]
          : [],
      },
    });
}

test('ztunnels that drain for an hour do not hide those that have taken over', async (t) => {
  const cluster = await startInstallCluster(t);
  const { api, run } = cluster;
  t.equal((await run('install')).code, 0);
  drain(api);
  const old = { revision: 2, ready: false, drains: true };
  putZtunnels(
    api,
    { node: 'node-1', ...old },
    { node: 'node-1', revision: 10, ready: true },
    { node: 'node-2', ...old },
    { node: 'node-2', revision: 10, ready: false },
  );
  t.match((await run('check')).stdout, /✗ ztunnels: 1 of 2 are available: node-2 \(Running\)/);
  const late = await run('install', '--timeout', '1s');
  t.match(late.stderr, /waited 1 s until daemonset\/ztunnel is rolled out: 1 of 2 are available/);

  putZtunnels(api, { node: 'node-2', revision: 10, ready: true });
  t.match((await run('check')).stdout, /✓ ztunnels: ready on all 2 nodes/);
  const again = await run('install');
  t.match(`${again.stdout}${again.stderr}`, /✓ daemonset\/ztunnel is rolled out/);
});

test('a ztunnel of an earlier revision is not what was applied, however ready it is', async (t) => {
  const { api, run } = await startInstallCluster(t);
  t.equal((await run('install')).code, 0);
  drain(api);
  putZtunnels(
    api,
    { node: 'node-1', revision: 10, ready: true },
    { node: 'node-2', revision: 2, ready: true },
  );
  t.match((await run('check')).stdout, /✗ ztunnels: 1 of 2 are new/);
});

test('a ztunnel whose kubelet waits after crashes can be had at once, and check says how', async (t) => {
  const { api, run } = await startInstallCluster(t);
  t.equal((await run('install')).code, 0);
  drain(api);
  putZtunnels(
    api,
    { node: 'node-1', revision: 10, ready: true },
    { node: 'node-2', revision: 10, ready: false, crashes: true },
  );
  const { stdout } = await run('check');
  t.match(
    stdout,
    /✗ ztunnels: 1 of 2 are available: node-2 \(CrashLoopBackOff: start failed: the token is of another cluster\)/,
  );
  t.match(
    stdout,
    /logs ztunnel-node-2-10 -c ztunnel --previous .* delete pod ztunnel-node-2-10 starts another at once/,
  );
});

test('an install that waits for what crashes ends with what that said last', async (t) => {
  const { api, run } = await startInstallCluster(t);
  t.equal((await run('install')).code, 0);
  const deployment = api.get('Deployment', SYSTEM, 'nodemesh-controller');
  if (deployment === undefined) throw new Error('no Deployment');
  const { generation: observedGeneration } = deployment.metadata;
  api.put({ ...deployment, kind: 'Deployment', status: { observedGeneration, updatedReplicas: 2 } });
  const replica = (name: string, status: object) =>
    api.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        namespace: SYSTEM,
        name,
        labels: { ...OWN, 'app.kubernetes.io/component': 'controller' },
      },
      spec: {},
      status: { conditions: [], ...status },
    });
  replica('crashed', {
    phase: 'Running',
    containerStatuses: [{ name: 'controller', restartCount: 1, ...CRASHED }],
  });
  replica('homeless', {
    phase: 'Pending',
    conditions: [
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available' },
    ],
  });
  replica('imageless', {
    phase: 'Pending',
    containerStatuses: [
      { name: 'controller', state: { waiting: { reason: 'ErrImagePull', message: 'no such\n image' } } },
    ],
  });
  const { code, stderr } = await run('install', '--timeout', '1s');
  t.equal(code, 1);
  t.match(stderr, /crashed \(CrashLoopBackOff: start failed: the token is of another cluster\)/);
  t.match(stderr, /homeless \(Unschedulable: 0\/1 nodes are available\)/);
  t.match(stderr, /imageless \(ErrImagePull: no such image\)/);
  t.match(stderr, /logs crashed -c controller --previous says why it ends/);
});
