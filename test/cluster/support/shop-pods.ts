import type { Test } from 'tap';
import { eventually, type Kubectl } from '../../kubernetes/support/kubectl.ts';
import { type LoadSeen, loadSeen, SHOP } from './shop.ts';

/** Whether what runs all the time has had a failure since the last look. */
export function steadily(kubectl: Kubectl): { none(t: Test): Promise<void>; forgive(): Promise<void> } {
  let last: Pick<LoadSeen, 'answered' | 'failed'> = { answered: 0, failed: 0 };
  return {
    async none(t) {
      let seen = await loadSeen(kubectl);
      await eventually('more answers', async () => {
        seen = await loadSeen(kubectl);
        return seen.answered > last.answered + 20;
      });
      t.equal(seen.failed, last.failed, `no request failed: ${JSON.stringify(seen)}`);
      t.equal(seen.held, 'open', 'the connection that is held is open');
      last = seen;
    },
    async forgive() {
      last = await loadSeen(kubectl);
    },
  };
}

interface PodList {
  readonly items: readonly {
    readonly metadata: {
      readonly name: string;
      readonly uid: string;
      readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly spec: { readonly nodeName: string };
    readonly status: {
      readonly podIP: string;
      readonly containerStatuses: readonly { readonly restartCount: number; readonly ready: boolean }[];
    };
  }[];
}

async function listPods(kubectl: Kubectl, selector = ''): Promise<PodList['items']> {
  const { items } = await kubectl.get('pods', '-n', SHOP, '-l', selector);
  return items as PodList['items'];
}

/** Who they are, and how often their containers were started again. */
export async function podsOf(kubectl: Kubectl, selector = ''): Promise<readonly object[]> {
  return (await listPods(kubectl, selector)).map(({ metadata: { name, uid }, status }) => ({
    ...{ name, uid },
    restarts: status.containerStatuses.map(({ restartCount }) => restartCount),
  }));
}

export async function captured(kubectl: Kubectl): Promise<number> {
  return (await listPods(kubectl)).filter(isCaptured).length;
}

function isCaptured({ metadata: { annotations = {} } }: PodList['items'][number]): boolean {
  return annotations['ambient.istio.io/redirection'] === 'enabled';
}

/** How often pods that begin with a request, of one node or of all, had to begin again. */
export async function firstTries(kubectl: Kubectl, node?: string): Promise<string> {
  const ofNode = node === undefined ? [] : ['--field-selector', `spec.nodeName=${node}`];
  return kubectl.must([
    ...['get', 'pods', '-n', SHOP, '-l', 'app=early', ...ofNode],
    ...['-o', 'jsonpath={.items[*].status.initContainerStatuses[0].restartCount}'],
  ]);
}

/** Addresses of the pods of one node that are in the mesh. */
export async function capturedOn(kubectl: Kubectl, node: string): Promise<readonly string[]> {
  const pods = (await listPods(kubectl)).filter(({ spec }) => spec.nodeName === node);
  return pods
    .filter(isCaptured)
    .map(({ status }) => status.podIP)
    .toSorted();
}

/** Waits until every container on a node that was started again is too, and is ready. */
export async function startedAgain(kubectl: Kubectl, node: string): Promise<void> {
  const deadline = Date.now() + 180_000;
  for (;;) {
    const { items } = await kubectl.get('pods', '-A', '--field-selector', `spec.nodeName=${node}`);
    const late = (items as PodList['items']).filter(({ status }) =>
      status.containerStatuses.some(({ ready, restartCount }) => !ready || restartCount === 0),
    );
    if (late.length === 0) return;
    if (Date.now() > deadline) throw new Error(`not started again: ${JSON.stringify(late)}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

export async function notReady(kubectl: Kubectl): Promise<number> {
  return (await listPods(kubectl)).filter(({ status }) =>
    status.containerStatuses.some(({ ready, restartCount }) => !ready || restartCount > 0),
  ).length;
}

export async function addressesOf(kubectl: Kubectl, app: string): Promise<readonly string[]> {
  return (await listPods(kubectl, `app=${app}`)).map(({ status }) => status.podIP);
}
