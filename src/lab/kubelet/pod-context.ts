import type { Logger } from '../../base/index.ts';
import type { Cluster, EventRecorder } from '../cluster/index.ts';
import type { PodObject } from '../cluster/objects/index.ts';
import type { LabNetwork, NodeAddresses, PodAddressPool } from '../network/index.ts';
import type { TokenIssuer } from '../mesh/index.ts';
import type { NodeAgent } from '../node-agent/index.ts';
import type { BuiltInImages } from './container-command.ts';
import type { PodPlace } from './pod-process.ts';

/** A node as its pods need it. */
export interface KubeletNode {
  readonly name: string;
  readonly addresses: NodeAddresses;
  readonly pool: PodAddressPool;
  readonly agent: NodeAgent;
}

/** What every pod of the lab has in common. */
export interface KubeletContext {
  readonly cluster: Cluster;
  readonly events: EventRecorder;
  readonly network: LabNetwork;
  readonly images: BuiltInImages;
  readonly baseEnvironment: Readonly<Record<string, string>>;
  readonly logsDirectory: string;
  readonly podsDirectory: string;
  readonly tokens: TokenIssuer;
  readonly resolvConfTarget: string;
  readonly clusterDomain: string;
  /** False in a lab without a mesh: then no pod waits to be captured. */
  readonly hasMesh: boolean;
  /** Istio's labels are another mesh's. */
  readonly sideBySide: boolean;
  /** False while the mesh is still starting: not being captured is no fault then. */
  readonly meshIsUp: () => boolean;
  /** Resolves when service proxies and DNS know what the objects say now. */
  readonly endpointsSettled: () => Promise<void>;
  readonly log: Logger;
}

/** What a container is told about its pod. */
export interface PodRuntime {
  readonly context: KubeletContext;
  readonly node: KubeletNode;
  readonly place: PodPlace;
  /** The pod as it is now. */
  pod(): PodObject;
  /** Something about a container has changed: the pod's status is due. */
  publish(): void;
}

/** `<namespace>_<pod>_<container>.log`; none of the three can hold an underscore. */
export function logFileName(namespace: string, pod: string, container: string): string {
  return `${namespace}_${pod}_${container}.log`;
}
