import type { LabClient } from '../../../lab/client/index.ts';
import { isKind, isReady, kindFromName, selects } from '../../../lab/cluster/objects/index.ts';
import { LabError } from '../../../lab/index.ts';

/** `NAME` is the pod itself; `deploy/NAME` (or sts/, job/, rs/) one of its pods, a ready one if there is any. */
export async function podOf(client: LabClient, namespace: string, reference: string): Promise<string> {
  const slash = reference.indexOf('/');
  if (slash === -1) return reference;
  const kind = kindFromName(reference.slice(0, slash));
  const name = reference.slice(slash + 1);
  if (kind === 'Pod') return name;
  const [owner] = kind === undefined ? [] : await client.objects(kind, namespace, name);
  const pods = (await client.objects('Pod', namespace)).filter((pod) => isKind(pod, 'Pod'));
  const mine = pods.filter((pod) => {
    if (owner === undefined) return false;
    if (isKind(owner, 'Job')) return pod.metadata.labels['job-name'] === name;
    if (isKind(owner, 'Deployment') || isKind(owner, 'StatefulSet') || isKind(owner, 'ReplicaSet'))
      return selects(owner.spec.selector, pod.metadata.labels);
    return false;
  });
  const chosen = mine.find(isReady) ?? mine[0];
  if (chosen !== undefined) return chosen.metadata.name;
  throw new LabError({
    code: 'ERR_LAB_NOT_FOUND',
    blame: 'downstream',
    message: `no pod of ${reference} in namespace ${namespace}`,
    hint: `nodemesh lab get pods -A lists all`,
  });
}
