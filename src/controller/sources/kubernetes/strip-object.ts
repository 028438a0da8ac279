import { isRecord, type KubernetesObject } from '../../kubernetes/index.ts';
import type { ObjectKind } from '../../objects/index.ts';

/**
 * What the mesh reads of an object, so that nothing else is kept and that a change of something else is no change. Most of
 * what changes in a cluster is nobody's business here: heartbeats of nodes, conditions of pods, who manages which field.
 */
export function stripObject(kind: ObjectKind, object: KubernetesObject): object {
  const { metadata, spec, status } = object;
  const meta = stripMetadata(kind, metadata);
  switch (kind) {
    case 'Namespace':
    case 'Node':
    case 'ServiceAccount':
      return { metadata: meta };
    case 'Pod':
      return { metadata: meta, spec: podSpec(spec), status: podStatus(status) };
    case 'Deployment':
      return { metadata: meta, status: pick(status, ['readyReplicas']) };
    case 'EndpointSlice': {
      const { addressType, ports, endpoints } = object;
      return { metadata: meta, addressType, ports, endpoints: mapItems(endpoints, endpointOf) };
    }
    case 'ConfigMap':
      return { metadata: meta, data: object.data };
    case 'Service':
      return { metadata: meta, spec, status: { conditions: mapItems(items(status, 'conditions'), typeOf) } };
    case 'Gateway':
      return { metadata: meta, spec, status: pick(status, ['addresses']) };
    case 'HTTPRoute':
    case 'GRPCRoute':
    case 'TCPRoute':
    case 'TLSRoute':
      return { metadata: meta, spec, status: { parents: mapItems(items(status, 'parents'), controllerOf) } };
    default:
      return { ...otherFields(object), metadata: meta };
  }
}

/** Unknown fields beside `spec` stay, so that they are complained about like anywhere else. */
function otherFields(object: KubernetesObject): object {
  const { status: _status, apiVersion: _version, kind: _kind, ...rest } = object;
  return rest;
}

function stripMetadata(kind: ObjectKind, metadata: KubernetesObject['metadata']): object {
  const { annotations } = metadata;
  const isMine = MANY.has(kind) ? isReadAnnotation : isNotACopy;
  const mine = Object.entries(annotations ?? {}).filter(([name]) => isMine(name));
  return {
    ...pick(metadata, META),
    ...(mine.length === 0 ? {} : { annotations: Object.fromEntries(mine) }),
    ownerReferences: mapItems(metadata.ownerReferences, (owner) =>
      pick(owner, ['kind', 'name', 'uid', 'controller']),
    ),
  };
}

/** Of the kinds that there are many of, only what a mesh has named is kept: others write a lot, and often. */
function isReadAnnotation(name: string): boolean {
  return /(^|\.)(istio|nodemesh)\.io\//.test(name) || STATIC_POD.has(name);
}

function isNotACopy(name: string): boolean {
  return name !== LAST_APPLIED;
}

function podSpec(spec: unknown): object {
  return {
    ...pick(spec, ['serviceAccountName', 'serviceAccount', 'nodeName', 'hostNetwork']),
    containers: mapItems(items(spec, 'containers'), portsOf),
    initContainers: mapItems(items(spec, 'initContainers'), portsOf),
  };
}

function portsOf(container: unknown): unknown {
  return isRecord(container) ? { ports: container.ports } : container;
}

function podStatus(status: unknown): object {
  const conditions = items(status, 'conditions');
  const known = Array.isArray(conditions)
    ? conditions.filter((condition) => isRecord(condition) && POD_CONDITIONS.has(String(condition.type)))
    : conditions;
  return {
    ...pick(status, ['phase', 'podIP', 'podIPs']),
    conditions: mapItems(known, (condition) => pick(condition, ['type', 'status'])),
  };
}

function endpointOf(endpoint: unknown): unknown {
  if (!isRecord(endpoint)) return endpoint;
  const { addresses, conditions, targetRef } = endpoint;
  return {
    addresses,
    conditions: pick(conditions, ['ready']),
    targetRef: targetRef === undefined ? undefined : pick(targetRef, ['kind', 'namespace', 'name']),
  };
}

const typeOf = (condition: unknown): unknown => pick(condition, ['type']);
const controllerOf = (parent: unknown): unknown => pick(parent, ['controllerName']);

function items(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined;
}

/** What is no list stays as it is, for the parser to complain about. */
function mapItems(value: unknown, map: (item: unknown) => unknown): unknown {
  return Array.isArray(value) ? (value as readonly unknown[]).map(map) : value;
}

function pick(value: unknown, keys: readonly string[]): object {
  if (!isRecord(value)) return {};
  return Object.fromEntries(keys.filter((key) => value[key] !== undefined).map((key) => [key, value[key]]));
}

const META = ['name', 'namespace', 'uid', 'generation', 'labels', 'creationTimestamp', 'deletionTimestamp'];
const MANY = new Set<ObjectKind>(['Pod', 'Node', 'EndpointSlice', 'ServiceAccount', 'Deployment']);
const POD_CONDITIONS = new Set(['Ready', 'nodemesh.io/Started']);
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
/** The kubelet's uid of a static pod, and its word that the object is the mirror of one. */
const STATIC_POD = new Set(['kubernetes.io/config.hash', 'kubernetes.io/config.mirror']);
