import type { Container, PodObject } from '../cluster/objects/index.ts';
import type { Mount } from './volumes/index.ts';

/** What is run, where, and with what. */
export interface ContainerCommand {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly mounts: readonly Mount[];
}

/** Why a container cannot be started as it is described; the reason is one that Kubernetes uses. */
export interface ContainerRefusal {
  readonly refused: true;
  readonly reason: 'ErrImagePull' | 'CreateContainerConfigError';
  readonly message: string;
}

/** Images that need no registry: last part of the name, without tag → what is in it. */
export type BuiltInImages = Readonly<Record<string, BuiltInImage>>;

/** What an image's name stands for. */
export interface BuiltInImage {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** A container, and what the lab has for it. */
export interface ContainerCommandInput {
  readonly pod: PodObject;
  readonly container: Container;
  readonly images: BuiltInImages;
  readonly baseEnvironment: Readonly<Record<string, string>>;
  /** Default: none. */
  readonly mounts?: readonly Mount[];
}

/** What to run for a container, as Kubernetes puts it together from image, command, args and env. Pure. */
export function containerCommand(input: ContainerCommandInput): ContainerCommand | ContainerRefusal {
  const { pod, container } = input;
  const builtIn = input.images[imageName(container.image ?? '')];
  const environment: Record<string, string> = {
    ...input.baseEnvironment,
    ...builtIn?.environment,
    HOSTNAME: hostnameOf(pod),
  };
  for (const { name, value, valueFrom } of container.env ?? []) {
    if (valueFrom === undefined) {
      environment[name] = expand(value ?? '', environment);
      continue;
    }
    const path = valueFrom.fieldRef?.fieldPath;
    const found = path === undefined ? undefined : fieldValue(pod, path);
    if (found === undefined) {
      return {
        refused: true,
        reason: 'CreateContainerConfigError',
        message: `env ${name}: the lab can only fill in fieldRef of metadata, spec.nodeName, spec.serviceAccountName, status.podIP(s) and status.hostIP, got ${JSON.stringify(valueFrom)}`,
      };
    }
    environment[name] = found;
  }
  const start = container.command ?? builtIn?.command;
  if (start === undefined || start.length === 0) {
    return {
      refused: true,
      reason: 'ErrImagePull',
      message: `the lab has no image registry and ${JSON.stringify(container.image ?? '')} is not built in: give the container a command (built in: ${Object.keys(input.images).join(', ')})`,
    };
  }
  const own = container.command === undefined ? start : start.map((part) => expand(part, environment));
  return {
    argv: [...own, ...(container.args ?? []).map((part) => expand(part, environment))],
    environment,
    workingDirectory: container.workingDir ?? '/',
    mounts: input.mounts ?? [],
  };
}

/** `registry.k8s.io/gateway-api/echo-basic:v1.5.1` → `echo-basic`. */
export function imageName(image: string): string {
  return (image.split('/').at(-1) ?? '').replace(/[:@].*$/, '');
}

/** At most 63 characters, as the kernel takes them. */
export function hostnameOf({ metadata, spec }: PodObject): string {
  return (spec.hostname ?? metadata.name).slice(0, 63);
}

/** `$(NAME)` becomes the variable's value; `$$(NAME)` stays as `$(NAME)`; unknown names stay as they are. */
function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (variables[name] ?? whole),
  );
}

function fieldValue(pod: PodObject, path: string): string | undefined {
  const keyed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (keyed !== null) {
    const map = keyed[1] === 'labels' ? pod.metadata.labels : pod.metadata.annotations;
    return map[keyed[2] ?? ''] ?? '';
  }
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name;
    case 'metadata.namespace':
      return pod.metadata.namespace;
    case 'metadata.uid':
      return pod.metadata.uid;
    case 'spec.nodeName':
      return pod.spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? 'default';
    case 'status.podIP':
      return pod.status?.podIP ?? '';
    case 'status.podIPs':
      return (pod.status?.podIPs ?? []).map(({ ip }) => ip).join(',');
    case 'status.hostIP':
      return pod.status?.hostIP ?? '';
    default:
      return undefined;
  }
}
