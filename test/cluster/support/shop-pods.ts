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
  return (await listPods(kubectl)).filter(
    ({ metadata: { annotations = {} } }) => annotations['ambient.istio.io/redirection'] === 'enabled',
  ).length;
}

export async function notReady(kubectl: Kubectl): Promise<number> {
  return (await listPods(kubectl)).filter(({ status }) =>
    status.containerStatuses.some(({ ready, restartCount }) => !ready || restartCount > 0),
  ).length;
}

export async function addressesOf(kubectl: Kubectl, app: string): Promise<readonly string[]> {
  return (await listPods(kubectl, `app=${app}`)).map(({ status }) => status.podIP);
}
