import {
  type Cidr,
  type EnrolmentPod,
  ModelError,
  type PodTelemetry,
  parseCidr,
  workloadIdentity,
} from '../../model/index.ts';
import type { NamespaceObject, PodObject } from '../objects/index.ts';
import {
  isTrue,
  type MeshSettings,
  podUid,
  readTwin,
  type TwinName,
  WAYPOINT_BYPASS,
} from '../translate/index.ts';
import {
  ACCESS_LOG,
  BYPASS_INBOUND,
  DNS_CAPTURE,
  EXCLUDE_INBOUND_PORTS,
  EXCLUDE_OUTBOUND_CIDRS,
  EXCLUDE_OUTBOUND_PORTS,
  EXISTING_CONNECTIONS,
  NETNS,
  VIRTUAL_INTERFACES,
} from './annotation-names.ts';
import { canEnrol, heldBy, isPassedOver, wantsToEnrol } from './enrolment-rules.ts';

/** A pod that its node is to enrol. */
export interface EnrolmentPlan {
  readonly node: string;
  readonly pod: EnrolmentPod;
  /** Annotations that cannot be read. What they would have excluded is captured. */
  readonly warnings: readonly string[];
}

/** Undefined: the pod stays, or becomes, outside the mesh (wire.md §3.6). */
export function planEnrolment(
  pod: PodObject,
  {
    namespace,
    telemetry,
  }: { readonly namespace: NamespaceObject | undefined; readonly telemetry?: PodTelemetry | undefined },
  settings: MeshSettings,
): EnrolmentPlan | undefined {
  if (!wantsToEnrol(pod, namespace, settings) || !canEnrol(pod) || isPassedOver(pod, settings))
    return undefined;
  const { meta } = pod;
  const { annotations } = meta;
  const warnings: string[] = [];
  return {
    node: pod.node,
    warnings,
    pod: {
      uid: podUid(meta, settings.clusterId),
      namespace: meta.namespace,
      name: meta.name,
      identity: workloadIdentity({
        trustDomain: settings.trustDomain,
        namespace: meta.namespace,
        serviceAccount: pod.serviceAccount,
      }),
      kubernetesUid: meta.uid,
      addresses: pod.addresses,
      netns: annotations.get(NETNS) ?? '',
      heldBy: heldBy(pod, namespace, settings),
      // Without a network nothing of it can have run.
      isNew: !pod.started || pod.addresses.length === 0,
      modes: {
        inbound: !isTrue(readTwin(annotations, BYPASS_INBOUND)),
        dns: isTrue(readTwin(annotations, DNS_CAPTURE)),
        excludedInboundPorts: readList(annotations, EXCLUDE_INBOUND_PORTS, PORT, warnings),
        excludedOutboundPorts: readList(annotations, EXCLUDE_OUTBOUND_PORTS, PORT, warnings),
        excludedOutboundCidrs: readList(annotations, EXCLUDE_OUTBOUND_CIDRS, CIDR, warnings),
        virtualInterfaces: readList(annotations, VIRTUAL_INTERFACES, INTERFACE, warnings),
        existingConnections: annotations.get(EXISTING_CONNECTIONS) === 'reset' ? 'reset' : 'keep',
      },
      waypointBypass: readBypass(pod, namespace),
      accessLog: readAccessLog(pod, namespace, warnings),
      telemetry,
    },
  };
}

/** The pod's own label beats its namespace's. */
function readBypass(pod: PodObject, namespace: NamespaceObject | undefined): EnrolmentPod['waypointBypass'] {
  const wish = pod.meta.labels.get(WAYPOINT_BYPASS) ?? namespace?.meta.labels.get(WAYPOINT_BYPASS);
  return wish === 'refuse' ? 'refuse' : 'count';
}

/** As above. */
function readAccessLog(
  pod: PodObject,
  namespace: NamespaceObject | undefined,
  warnings: string[],
): EnrolmentPod['accessLog'] {
  const wish = pod.meta.labels.get(ACCESS_LOG) ?? namespace?.meta.labels.get(ACCESS_LOG);
  if (wish === 'none' || wish === 'failures') return wish;
  if (wish !== undefined && wish !== 'all')
    warnings.push(
      `${ACCESS_LOG}: expected all, failures or none, got ${JSON.stringify(wish)}, which is passed over`,
    );
  return 'all';
}

/** One entry of a comma-separated annotation: how it is read, and what to say when it cannot be. */
interface ListItem<T> {
  readonly expected: string;
  readonly read: (text: string) => T | undefined;
}

const PORT: ListItem<number> = { expected: 'ports from 1 to 65535, as 3306,6379', read: readPort };
const CIDR: ListItem<Cidr> = { expected: 'ranges as 10.1.0.0/16,fd00::/8', read: readCidr };
const INTERFACE: ListItem<string> = { expected: 'interfaces as eth1,eth2', read: readInterface };

function readList<T>(
  annotations: ReadonlyMap<string, string>,
  name: TwinName,
  item: ListItem<T>,
  warnings: string[],
): readonly T[] {
  const parts = (readTwin(annotations, name) ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const tell = (what: string, got: string): void => {
    warnings.push(
      `${annotations.has(name.own) ? name.own : name.istio}: expected ${what}, got ${got}, which is passed over`,
    );
  };
  const bad: string[] = [];
  const read = parts.slice(0, MOST_ITEMS).flatMap((part) => {
    const value = item.read(part);
    if (value === undefined) bad.push(part);
    return value === undefined ? [] : [value];
  });
  for (const part of bad.slice(0, MOST_TOLD))
    tell(item.expected, JSON.stringify(part.slice(0, LONGEST_TOLD)));
  if (bad.length > MOST_TOLD) tell(item.expected, `${bad.length - MOST_TOLD} more that are none`);
  if (parts.length > MOST_ITEMS)
    tell(`at most ${MOST_ITEMS} entries`, `${parts.length - MOST_ITEMS} more of them`);
  return read;
}

/** Each is a rule in the pod, and every look at its rules reads it. */
const MOST_ITEMS = 256;
const MOST_TOLD = 10;
const LONGEST_TOLD = 80;

function readPort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65535 ? port : undefined;
}

function readCidr(text: string): Cidr | undefined {
  // Istio writes "everything" as a star.
  if (text === '*') return undefined;
  try {
    return parseCidr(text);
  } catch (error) {
    if (error instanceof ModelError) return undefined;
    throw error;
  }
}

/** IFNAMSIZ is 16 with the zero at the end, and the kernel refuses slashes, colons and white space. */
function readInterface(text: string): string | undefined {
  return /^[^/:\s]{1,15}$/.test(text) ? text : undefined;
}
