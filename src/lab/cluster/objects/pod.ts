import type { Condition, KubeObject, ObjectMeta, StringMap } from './metadata.ts';

/** `core/v1 EnvVar`; of `valueFrom` only fields of the pod. */
export interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
}

/** `core/v1 HTTPGetAction`. */
export interface HttpGetAction {
  readonly path?: string;
  readonly port: number | string;
  readonly host?: string;
  readonly scheme?: 'HTTP' | 'HTTPS';
  readonly httpHeaders?: readonly { readonly name: string; readonly value: string }[];
}

/** `core/v1 ProbeHandler` or `LifecycleHandler`: one of its members. */
export interface ProbeAction {
  readonly httpGet?: HttpGetAction;
  readonly tcpSocket?: { readonly port: number | string; readonly host?: string };
  readonly exec?: { readonly command: readonly string[] };
  /** Only in lifecycle hooks. */
  readonly sleep?: { readonly seconds: number };
}

/** `core/v1 Probe`; what is left out has Kubernetes' default. */
export interface Probe extends ProbeAction {
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly successThreshold?: number;
  readonly failureThreshold?: number;
}

/** `core/v1 ContainerPort`. */
export interface ContainerPort {
  readonly containerPort: number;
  readonly name?: string;
  readonly protocol?: string;
}

/** `core/v1 Container`, what the lab reads of it. */
export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly EnvironmentVariable[];
  readonly workingDir?: string;
  readonly ports?: readonly ContainerPort[];
  readonly volumeMounts?: readonly VolumeMount[];
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly startupProbe?: Probe;
  readonly lifecycle?: { readonly postStart?: ProbeAction; readonly preStop?: ProbeAction };
}

/** `core/v1 VolumeMount`. */
export interface VolumeMount {
  readonly name?: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
  readonly subPath?: string;
}

/** A part of a volume's content, or all of it. */
export interface VolumeSource {
  readonly configMap?: FileSource & { readonly name?: string };
  readonly secret?: FileSource & { readonly secretName?: string; readonly name?: string };
  readonly serviceAccountToken?: { readonly path: string; readonly audience?: string };
}

/** What ConfigMaps and Secrets as volumes have in common. */
export interface FileSource {
  readonly optional?: boolean;
  /** Undefined: every key, as a file of its name. */
  readonly items?: readonly { readonly key: string; readonly path: string }[];
}

/** `core/v1 Volume`, those kinds of it that a lab has. */
export interface Volume extends VolumeSource {
  readonly name: string;
  readonly emptyDir?: unknown;
  readonly projected?: { readonly sources?: readonly VolumeSource[] };
}

/** When containers that have ended are started again. */
export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

/** `core/v1 PodSpec`, what the lab reads of it. */
export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly nodeName?: string;
  readonly nodeSelector?: StringMap;
  readonly serviceAccountName?: string;
  readonly restartPolicy?: RestartPolicy;
  readonly terminationGracePeriodSeconds?: number;
  readonly hostNetwork?: boolean;
  readonly hostname?: string;
  readonly subdomain?: string;
}

/** `core/v1 PodPhase`. */
export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';

/** `core/v1 ContainerState`: one of its members. */
export interface ContainerState {
  readonly waiting?: { readonly reason: string; readonly message?: string };
  readonly running?: { readonly startedAt: string };
  readonly terminated?: {
    readonly exitCode: number;
    readonly reason: string;
    readonly finishedAt: string;
    readonly message?: string;
  };
}

/** `core/v1 ContainerStatus`. */
export interface ContainerStatus {
  readonly name: string;
  readonly image: string;
  readonly ready: boolean;
  readonly started: boolean;
  readonly restartCount: number;
  readonly state: ContainerState;
  readonly lastState?: ContainerState;
}

/** `core/v1 PodStatus`, what the lab writes of it. */
export interface PodStatus {
  readonly phase: PodPhase;
  readonly conditions?: readonly Condition[];
  readonly podIP?: string;
  readonly podIPs?: readonly { readonly ip: string }[];
  readonly hostIP?: string;
  readonly startTime?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
}

/** `core/v1 Pod`; without a status it was not looked at yet. */
export interface PodObject extends KubeObject {
  readonly kind: 'Pod';
  readonly spec: PodSpec;
  readonly status?: PodStatus;
}

/** `core/v1 PodTemplateSpec`. */
export interface PodTemplate {
  readonly metadata?: Partial<Pick<ObjectMeta, 'labels' | 'annotations'>>;
  readonly spec: PodSpec;
}

/** Finished for good: its processes have ended and nothing will start them again. */
export function isFinished(pod: PodObject): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** By its condition, not by its containers. */
export function isReady(pod: PodObject): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** From the wish to delete it until it is gone. */
export function isTerminating(pod: PodObject): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

/** Whether the pod was made for this Gateway of its namespace: a replica of a waypoint. */
export function isReplicaOf(pod: PodObject, gateway: string): boolean {
  return pod.metadata.labels['gateway.networking.k8s.io/gateway-name'] === gateway;
}

/** Resolves a port that may be given by its name; undefined when no container has it. */
export function containerPortOf(spec: PodSpec, port: number | string): number | undefined {
  if (typeof port === 'number') return port;
  for (const container of spec.containers) {
    const named = container.ports?.find(({ name }) => name === port);
    if (named !== undefined) return named.containerPort;
  }
  return /^\d+$/.test(port) ? Number(port) : undefined;
}
