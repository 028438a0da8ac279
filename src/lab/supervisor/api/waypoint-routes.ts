import {
  isFinished,
  isReady,
  isReplicaOf,
  isTerminating,
  type PodObject,
} from '../../cluster/objects/index.ts';
import { LabError } from '../../errors.ts';
import { proxyPortOf, requestInNamespace } from '../../mesh/index.ts';
import type { Lab } from '../lab.ts';
import { bodyField, type JsonHandler, stringField } from './router.ts';

/** What a replica of a waypoint said on one of its own ports. */
export interface WaypointAnswer {
  readonly pod: string;
  readonly status: number;
  readonly body: string;
}

/** To the replicas of waypoints, and through them to their admin ports. */
export function waypointRoutes(lab: Lab): Readonly<Record<string, JsonHandler>> {
  return {
    'POST /v1/waypoint/admin': async ({ body }): Promise<WaypointAnswer> => {
      const waypoint = { namespace: stringField(body, 'namespace'), name: stringField(body, 'name') };
      const wanted = bodyField(body, 'pod');
      const method = bodyField(body, 'method');
      const content = bodyField(body, 'body');
      const path = stringField(body, 'path');
      const pod = replicaOf(lab, waypoint, typeof wanted === 'string' ? wanted : undefined);
      const { status, body: text } = await requestInNamespace({
        namespace: namespaceOf(pod),
        port: proxyPortOf(path),
        method: typeof method === 'string' ? method : 'GET',
        path,
        body: typeof content === 'string' ? content : '',
        timeoutMs: TIMEOUT_MS,
      });
      return { pod: pod.metadata.name, status, body: text };
    },
  };
}

interface WaypointName {
  readonly namespace: string;
  readonly name: string;
}

/** The pod of that name, or the first that is ready. */
function replicaOf(lab: Lab, { namespace, name }: WaypointName, wanted: string | undefined): PodObject {
  const waypoint = `${namespace}/${name}`;
  const pods = lab.cluster.store
    .list('Pod')
    .filter((pod) => pod.metadata.namespace === namespace && isReplicaOf(pod, name) && !isFinished(pod));
  const names = pods.map(({ metadata }) => metadata.name).join(', ');
  if (pods.length === 0) {
    throw new LabError({
      code: 'ERR_LAB_NOT_FOUND',
      blame: 'downstream',
      message: `expected a pod of waypoint ${waypoint}, got none`,
      hint: `nodemesh waypoint status ${name} -n ${namespace} says why, nodemesh waypoint list -A which waypoints there are`,
    });
  }
  const found =
    wanted === undefined
      ? pods.find((pod) => isReady(pod) && !isTerminating(pod))
      : pods.find(({ metadata }) => metadata.name === wanted);
  if (found !== undefined) return found;
  if (wanted !== undefined) {
    throw new LabError({
      code: 'ERR_LAB_NOT_FOUND',
      blame: 'downstream',
      message: `expected a pod of waypoint ${waypoint}, got ${wanted}`,
      hint: `its pods: ${names}`,
    });
  }
  throw new LabError({
    code: 'ERR_LAB_UNAVAILABLE',
    blame: 'upstream',
    message: `expected a pod of waypoint ${waypoint} that is ready, got none: ${names} ${pods.length === 1 ? 'is' : 'are'} not`,
    hint: `nodemesh waypoint status ${name} -n ${namespace} says why; --pod POD asks one all the same`,
    retryable: true,
  });
}

function namespaceOf({ metadata: { namespace, name, annotations } }: PodObject): string {
  const found = annotations['nodemesh.io/netns'];
  if (found !== undefined) return found;
  throw new LabError({
    code: 'ERR_LAB_UNAVAILABLE',
    blame: 'upstream',
    message: `expected pod ${namespace}/${name} to be on the network, got one that is not (yet)`,
    hint: `nodemesh lab get pod ${name} -n ${namespace} -o yaml shows how far it is`,
    retryable: true,
  });
}

const TIMEOUT_MS = 5_000;
