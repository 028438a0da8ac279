import { test } from 'tap';
import { KubernetesError, type KubernetesObject } from '../../../src/controller/index.ts';
import { latePods } from '../../../src/cli/install/cluster/late-pods.ts';

type Found = Parameters<typeof latePods>[0];

const READY = [{ type: 'Ready', status: 'True' }];
const ENDED = { reason: 'Error', exitCode: 1, message: 'no space left\n' };

function pod(name: string, status: object, metadata: object = {}): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'nodemesh-system', name, ...metadata },
    spec: { nodeName: 'node-1' },
    status,
  };
}

/** A cluster of which only the pods are asked. */
function clusterOf(...items: readonly KubernetesObject[]): Found {
  const api: Pick<Found['api'], 'list'> = {
    list: async () => ({ items, next: undefined, resourceVersion: '1', remaining: undefined }),
  };
  return { api } as unknown as Found;
}

test('one container speaks for its pod: what it says, and what helps against it', async (t) => {
  const { text, remedy } = await latePods(
    clusterOf(
      pod('ztunnel-1', {
        containerStatuses: [
          { name: 'cni', ready: true, restartCount: 1, lastState: { terminated: ENDED } },
          {
            name: 'ztunnel',
            ready: false,
            state: { waiting: { reason: 'ImagePullBackOff', message: 'gone' } },
          },
        ],
      }),
    ),
    'ztunnel',
  );
  t.equal(text, 'node-1 (ImagePullBackOff: gone)');
  t.equal(remedy, undefined);
});

test('the log is the last one, or that of the container that was there before', async (t) => {
  const of = async (container: object) =>
    latePods(
      clusterOf(pod('c-1', { containerStatuses: [{ name: 'controller', ready: false, ...container }] })),
      'controller',
    );
  const first = await of({ restartCount: 0, state: { terminated: ENDED } });
  t.equal(first.text, 'c-1 (Error: no space left)');
  t.match(first.remedy, /logs c-1 -c controller says why/);
  const flags = {
    reason: 'Error',
    message: "error: unknown option '--bogus'\n(add --help to see what there is)\n",
  };
  const mistaken = await of({ state: { terminated: flags } });
  t.equal(mistaken.text, "c-1 (Error: unknown option '--bogus')");
  const again = await of({ restartCount: 2, state: { running: {} }, lastState: { terminated: ENDED } });
  t.equal(again.text, 'c-1 (runs again, ended with Error: no space left)');
  t.match(again.remedy, /logs c-1 -c controller --previous says why it ends$/);
  const waits = await of({
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: ENDED },
  });
  t.match(waits.remedy, /delete pod c-1 starts another at once/);
});

test('a pod that is over, or ready, or ends, is not late', async (t) => {
  const status = { containerStatuses: [{ name: 'controller', ready: false, state: { terminated: ENDED } }] };
  const found = clusterOf(
    pod('evicted', { ...status, phase: 'Failed' }),
    pod('ready', { conditions: READY }),
    pod('going', status, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
  );
  t.same(await latePods(found, 'controller'), { text: '', remedy: undefined });
});

test('of many five are named, and nothing odd in an object keeps any of them from it', async (t) => {
  const odd = [
    pod('a', { conditions: null, containerStatuses: null }),
    pod('b', { containerStatuses: [{ name: 'x', state: { terminated: { message: null } } }] }),
    pod('c', { containerStatuses: [{ name: 'x', state: null, lastState: null }] }),
    pod('d', {}, { deletionTimestamp: null }),
    pod('e', { containerStatuses: [{ name: 'x', state: { terminated: { message: '{"broken' } } }] }),
    pod('f', {
      containerStatuses: [{ name: 'x', state: { waiting: { reason: 'X', message: 'y'.repeat(999) } } }],
    }),
  ];
  const { text } = await latePods(clusterOf(...odd), 'controller');
  t.match(text, /^a \(.*\), b \(.*\), c \(.*\), d \(.*\), e \(.*broken.*\) and 1 more$/);
  const long = await latePods(clusterOf(...odd.slice(5)), 'controller');
  t.equal(long.text.length, 'f (X: …)'.length + 300);
});

test('who may not list pods goes on without; any other failure is one', async (t) => {
  const failing = (code: 'ERR_KUBERNETES_FORBIDDEN' | 'ERR_KUBERNETES_UNREACHABLE'): Found => {
    const api = { list: () => Promise.reject(new KubernetesError({ code, message: 'no' })) };
    return { api } as unknown as Found;
  };
  t.same(await latePods(failing('ERR_KUBERNETES_FORBIDDEN'), 'ztunnel'), { text: '', remedy: undefined });
  await t.rejects(latePods(failing('ERR_KUBERNETES_UNREACHABLE'), 'ztunnel'), { message: 'no' });
});
