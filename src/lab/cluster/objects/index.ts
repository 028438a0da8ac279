export { isKind, isNamespaced, type KindMap, type KnownKind, kindFromName, kindNames } from './kinds.ts';
export type { Condition, KubeObject, LabelSelector, OwnerReference, StringMap } from './metadata.ts';
export { conditionIsTrue, selects, withCondition } from './metadata.ts';
export type { NodeDescription, NodeObject } from './node.ts';
export { REGION_LABEL, ZONE_LABEL } from './node.ts';
export type { Container, ContainerState, ContainerStatus, Volume, VolumeSource } from './pod.ts';
export type {
  PodObject,
  PodPhase,
  PodSpec,
  PodStatus,
  PodTemplate,
  Probe,
  ProbeAction,
  RestartPolicy,
} from './pod.ts';
export { containerPortOf, isFinished, isReady, isReplicaOf, isTerminating } from './pod.ts';
export type {
  EndpointSliceObject,
  ServiceIpFamily,
  ServiceObject,
  ServicePort,
  SliceEndpoint,
} from './service.ts';
export { isHeadless, SERVICE_NAME_LABEL } from './service.ts';
export type { DeploymentObject, JobObject, ReplicaSetObject } from './workloads.ts';
export type { StatefulSetObject } from './workloads.ts';
