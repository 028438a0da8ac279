import { selects } from '../../lab/cluster/objects/index.ts';
import type { ManifestObject } from '../../lab/index.ts';

/** NetworkPolicies judge packets by their port on the wire, which for pods of the mesh is this one. */
const HBONE_PORT = 15_008;

/** A NetworkPolicy without which, or with more in which, pods could be reached. */
export interface BlockingPolicy {
  readonly namespace: string;
  readonly policy: string;
  readonly direction: 'Ingress' | 'Egress';
  /** Pods, or what makes them, that it keeps from the mesh; sorted. */
  readonly pods: readonly string[];
}

interface Selected {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Side by side with Istio, its label puts nothing into this mesh. */
export interface Claims {
  readonly sideBySide: boolean;
}

type Loose = Readonly<Record<string, unknown>>;

/**
 * The NetworkPolicies among `objects` that leave no way for port 15008 to pods which are in the mesh. Policies add up: where
 * one of those that select a pod lets the port through, to or from anybody, none is blamed.
 */
export function blockingPolicies(
  objects: readonly ManifestObject[],
  claims: Claims,
): readonly BlockingPolicy[] {
  const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy');
  const found = new Map<string, BlockingPolicy>();
  for (const pod of meshPods(objects, claims)) {
    const own = policies.filter((policy) => namespaceOf(policy) === pod.namespace && isSelected(policy, pod));
    for (const direction of ['Ingress', 'Egress'] as const) {
      const judging = own.filter((policy) => judges(policy, direction));
      if (judging.length === 0 || judging.some((policy) => admits(policy, direction))) continue;
      for (const policy of judging) blame(found, policy, direction, pod);
    }
  }
  return [...found.values()];
}

function blame(
  found: Map<string, BlockingPolicy>,
  policy: ManifestObject,
  direction: BlockingPolicy['direction'],
  pod: Selected,
): void {
  const key = `${namespaceOf(policy)}/${policy.metadata.name} ${direction}`;
  const pods = [...(found.get(key)?.pods ?? []), pod.name].toSorted();
  found.set(key, { namespace: namespaceOf(policy), policy: policy.metadata.name, direction, pods });
}

const TEMPLATES = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'ReplicaSet']);
const OWN_MODE = 'nodemesh.io/dataplane-mode';
const ISTIO_MODE = 'istio.io/dataplane-mode';

/** Pods that are to be in the mesh, or where only what makes them is written, that. */
function meshPods(objects: readonly ManifestObject[], { sideBySide }: Claims): readonly Selected[] {
  const names = sideBySide ? [OWN_MODE] : [OWN_MODE, ISTIO_MODE];
  const namespaces = new Map(
    objects
      .filter(({ kind }) => kind === 'Namespace')
      .map((object) => [object.metadata.name, labelsOf(object)]),
  );
  const made = objects.filter(({ kind }) => kind === 'Pod');
  // Pods of a running lab are there beside their Deployments; of manifests only the latter are.
  const sources = made.length > 0 ? made : objects.filter(({ kind }) => TEMPLATES.has(kind));
  return sources
    .map((object) => ({
      namespace: namespaceOf(object),
      name: object.metadata.name,
      labels: object.kind === 'Pod' ? labelsOf(object) : templateLabels(object),
    }))
    .filter(({ namespace, labels }) => modeOf(labels, namespaces.get(namespace) ?? {}, names) === 'ambient');
}

/** The pod's own label beats its namespace's. */
function modeOf(
  labels: Readonly<Record<string, string>>,
  ofNamespace: Readonly<Record<string, string>>,
  names: readonly string[],
): string | undefined {
  const own = names.map((name) => labels[name]).find((mode) => mode !== undefined);
  return own ?? names.map((name) => ofNamespace[name]).find((mode) => mode !== undefined);
}

function isSelected(policy: ManifestObject, pod: Selected): boolean {
  // An absent selector selects everything, as an empty one does.
  return selects((specOf(policy).podSelector ?? {}) as Parameters<typeof selects>[0], pod.labels);
}

function judges(policy: ManifestObject, direction: BlockingPolicy['direction']): boolean {
  const { policyTypes, egress } = specOf(policy);
  if (Array.isArray(policyTypes)) return policyTypes.includes(direction);
  return direction === 'Ingress' || egress !== undefined;
}

/** Whether a rule of it lets the port through, whoever is at the other end. */
function admits(policy: ManifestObject, direction: BlockingPolicy['direction']): boolean {
  const rules = specOf(policy)[direction.toLowerCase()];
  return Array.isArray(rules) && rules.some((rule) => isPortOpen((rule as Loose | null)?.ports));
}

/** No list of ports, or an empty one, means all of them. */
function isPortOpen(ports: unknown): boolean {
  if (!Array.isArray(ports) || ports.length === 0) return true;
  return (ports as readonly Loose[]).some(({ protocol = 'TCP', port, endPort }) => {
    if (protocol !== 'TCP') return false;
    if (port === undefined) return true;
    // The mesh listens on a port that no container names.
    if (typeof port !== 'number') return false;
    return port <= HBONE_PORT && HBONE_PORT <= (typeof endPort === 'number' ? endPort : port);
  });
}

function namespaceOf({ metadata }: ManifestObject): string {
  return metadata.namespace ?? 'default';
}

function labelsOf({ metadata }: ManifestObject): Readonly<Record<string, string>> {
  return (metadata.labels ?? {}) as Readonly<Record<string, string>>;
}

function templateLabels(object: ManifestObject): Readonly<Record<string, string>> {
  const template = specOf(object).template as
    | { readonly metadata?: { readonly labels?: Readonly<Record<string, string>> } }
    | undefined;
  return template?.metadata?.labels ?? {};
}

function specOf(object: ManifestObject): Loose {
  return (object.spec ?? {}) as Loose;
}
