import { GATEWAY_COLUMNS } from './gateway-columns.ts';
import { age, conditionMessage, conditionStatus, listField, since, textField } from './object-fields.ts';
import { POLICY_COLUMNS } from './policy-columns.ts';
import { isCaptured, isCapturedByIstio } from '../../../lab/cluster/index.ts';
import {
  isKind,
  type KnownKind,
  type KubeObject,
  type KindMap,
  type PodObject,
} from '../../../lab/cluster/objects/index.ts';
import type { Columns, Beside } from './columns.ts';

/** What `get` shows of a kind; of kinds without columns of their own, name and age. */
export function columnsOf(kind: string): Columns {
  return COLUMNS[kind] ?? { header: ['NAME', 'AGE'], row: (object) => [object.metadata.name, age(object)] };
}

function columns<K extends KnownKind>(
  kind: K,
  header: readonly string[],
  cells: (object: KindMap[K], beside: Beside) => readonly string[],
): Columns {
  return {
    header: ['NAME', ...header, 'AGE'],
    row: (object, beside = {}) => [
      object.metadata.name,
      ...(isKind(object, kind) ? cells(object, beside) : []),
      age(object),
    ],
  };
}

/** Of the objects of ours that a waypoint acts on. */
const ACCEPTED_COLUMNS: Columns = {
  header: ['NAME', 'ACCEPTED', 'AGE', 'NOTE'],
  row: (object) => [
    object.metadata.name,
    conditionStatus(listField(object.status, 'conditions'), 'Accepted'),
    age(object),
    conditionMessage(object),
  ],
};

const COLUMNS: Readonly<Record<string, Columns>> = {
  Pod: columns('Pod', ['READY', 'STATUS', 'RESTARTS', 'IP', 'NODE', 'MESH'], (pod, beside) => {
    const statuses = pod.status?.containerStatuses ?? [];
    return [
      `${statuses.filter(({ ready }) => ready).length}/${pod.spec.containers.length}`,
      podState(pod),
      String(statuses.reduce((sum, { restartCount }) => sum + restartCount, 0)),
      pod.status?.podIP ?? '<none>',
      pod.spec.nodeName ?? '<none>',
      podMesh(pod, beside),
    ];
  }),
  Deployment: columns('Deployment', ['READY', 'UP-TO-DATE', 'AVAILABLE'], ({ spec, status }) => [
    `${status?.readyReplicas ?? 0}/${spec.replicas ?? 1}`,
    String(status?.updatedReplicas ?? 0),
    String(status?.availableReplicas ?? 0),
  ]),
  ReplicaSet: columns('ReplicaSet', ['DESIRED', 'CURRENT', 'READY'], ({ spec, status }) => [
    String(spec.replicas),
    String(status?.replicas ?? 0),
    String(status?.readyReplicas ?? 0),
  ]),
  StatefulSet: columns('StatefulSet', ['READY'], ({ spec, status }) => [
    `${status?.readyReplicas ?? 0}/${spec.replicas ?? 1}`,
  ]),
  Job: columns('Job', ['STATUS', 'COMPLETIONS'], ({ spec, status }) => [
    status?.conditions?.find((condition) => condition.status === 'True')?.type ?? 'Running',
    `${status?.succeeded ?? 0}/${spec.completions ?? 1}`,
  ]),
  Service: {
    header: ['NAME', 'TYPE', 'CLUSTER-IP', 'PORT(S)', 'WAYPOINT', 'AGE', 'NOTE'],
    row: (object, { waypoint } = {}) => [
      object.metadata.name,
      ...(isKind(object, 'Service') ? serviceCells(object) : []),
      waypoint ?? '-',
      age(object),
      untrueConditions(object),
    ],
  },
  EndpointSlice: columns(
    'EndpointSlice',
    ['ADDRESSTYPE', 'PORTS', 'ENDPOINTS'],
    ({ addressType, ports, endpoints }) => [
      addressType,
      (ports ?? []).map(({ port }) => port).join(',') || '<none>',
      endpoints
        .map(
          ({ addresses, conditions }) =>
            `${addresses[0]}${conditions?.terminating ? ' (ending)' : conditions?.ready === false ? ' (unready)' : ''}`,
        )
        .join(',') || '<none>',
    ],
  ),
  Namespace: columns('Namespace', ['STATUS', 'MESH'], ({ status, metadata }, beside) => [
    status?.phase ?? 'Active',
    namespaceMesh(metadata.labels, beside),
  ]),
  Node: columns('Node', ['ADDRESS', 'POD CIDR', 'ZONE'], ({ status, spec, metadata }) => [
    status?.addresses[0]?.address ?? '<none>',
    spec.podCIDR,
    metadata.labels['topology.kubernetes.io/zone'] ?? '-',
  ]),
  ...POLICY_COLUMNS,
  ...GATEWAY_COLUMNS,
  RateLimit: ACCEPTED_COLUMNS,
  FaultInjection: ACCEPTED_COLUMNS,
  Filter: ACCEPTED_COLUMNS,
  TrafficPolicy: ACCEPTED_COLUMNS,
  Event: {
    header: ['LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'COUNT', 'MESSAGE'],
    row: (object) =>
      isKind(object, 'Event')
        ? [
            since(object.lastTimestamp),
            object.type,
            object.reason,
            `${object.involvedObject.kind.toLowerCase()}/${object.involvedObject.name}`,
            String(object.count),
            object.message,
          ]
        : [],
  },
};

function serviceCells({ spec }: KindMap['Service']): readonly string[] {
  return [
    spec.type ?? 'ClusterIP',
    spec.clusterIPs?.join(',') ?? spec.externalName ?? '<none>',
    (spec.ports ?? []).map(({ port, protocol = 'TCP' }) => `${port}/${protocol}`).join(',') || '<none>',
  ];
}

/** Such as a waypoint that a label asks for and that cannot be had. */
function untrueConditions({ status }: KubeObject): string {
  return listField(status, 'conditions')
    .filter((condition) => textField(condition, 'status') === 'False')
    .map((condition) => textField(condition, 'message') ?? '')
    .join('; ');
}

function podMesh(pod: PodObject, { sideBySide = false }: Beside): string {
  if (isCaptured(pod, { sideBySide })) return 'captured';
  return sideBySide && isCapturedByIstio(pod) ? "Istio's" : '-';
}

function namespaceMesh(labels: KubeObject['metadata']['labels'], { sideBySide = false }: Beside): string {
  const own = labels['nodemesh.io/dataplane-mode'];
  const istio = labels['istio.io/dataplane-mode'];
  if (!sideBySide) return own ?? istio ?? '-';
  const parts = [...(own === undefined ? [] : [own]), ...(istio === undefined ? [] : [`Istio: ${istio}`])];
  return parts.join(', ') || '-';
}

/** The one word that says most about a pod, as kubectl chooses it. */
export function podState(pod: PodObject): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating';
  const all = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const waiting = all.find(({ state }) => state.waiting !== undefined)?.state.waiting;
  if (waiting !== undefined && waiting.reason !== 'ContainerCreating') return waiting.reason;
  if (pod.status?.phase === 'Succeeded') return 'Completed';
  return pod.status?.phase ?? 'Pending';
}
