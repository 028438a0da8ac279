import type { KubernetesObject } from '../../../controller/index.ts';
import type { Cluster } from '../../install/cluster/cluster.ts';
import { CONTROLLER, NAMESPACE } from '../../install/objects/manifest.ts';
import { type CheckResult, resultsOf } from '../check-result.ts';

const { ok, warning } = resultsOf('cluster');

/** What the controllers complain of: an authority that they cannot use, or roots that they cannot write. In Events, which are last. */
export async function authorityCheck(cluster: Cluster): Promise<readonly CheckResult[]> {
  const complaints = await Promise.all(
    COMPLAINTS.map(async ({ complaint, over, hint }) => {
      const told = [...(await eventsOf(cluster, complaint)), ...(await eventsOf(cluster, over))];
      const [last] = told.sort((one, other) => toldMs(other) - toldMs(one));
      if (last === undefined || last.reason !== complaint || Date.now() - toldMs(last) > IN_FORCE_MS)
        return [];
      return [warning(NAME, String(last.message), hint)];
    }),
  );
  const results = complaints.flat();
  return results.length > 0 ? results : [ok(NAME, 'no controller complains of it')];
}

async function eventsOf({ api }: Cluster, reason: string): Promise<readonly KubernetesObject[]> {
  const options = { limit: MOST_READ, fieldSelector: `reason=${reason}` };
  return (await api.list({ resource: EVENTS, namespace: NAMESPACE }, options)).items;
}

function toldMs({ lastTimestamp }: KubernetesObject): number {
  return typeof lastTimestamp === 'string' ? Date.parse(lastTimestamp) : 0;
}

const NAME = 'authority';
const LOG = `kubectl -n ${NAMESPACE} logs deployment/${CONTROLLER}`;
const COMPLAINTS = [
  {
    complaint: 'AuthorityRefused',
    over: 'AuthorityAccepted',
    hint: `what was in use stays in use; hand in another (docs/rotate-the-root.md), or see: ${LOG}`,
  },
  {
    complaint: 'RootsNotWritten',
    over: 'RootsWritten',
    hint: `until then no new root is signed with: ${LOG}`,
  },
] as const;
const EVENTS = { group: '', version: 'v1', plural: 'events', namespaced: true };
const MOST_READ = 100;
/** Controllers repeat what is still so every half hour. */
const IN_FORCE_MS = 3_600_000;
