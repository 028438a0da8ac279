/** What a ConfigMap of parameters may change: what a waypoint needs, or anything of its objects, as in Istio. */
export type ParameterScope = 'listed' | 'any';

/**
 * What stands in the way of a wish for one of a waypoint's objects (`deployment`, `service`, …), a sentence that names the
 * first field that is not among those that may be set; undefined: nothing. Whoever may write a Gateway and a ConfigMap need
 * not be one who may make pods: nothing that is listed lets them run a program of their own, look into the node, use another
 * account, or reach for objects that are not the waypoint's.
 */
export function refusedWish(name: string, wish: unknown): string | undefined {
  const fields = FIELDS[name];
  if (fields === undefined) return undefined;
  const found = findRefused(wish, fields, '');
  if (found === undefined) return undefined;
  const { path, may } = found;
  return `${name}: ${path} may not be set by a Gateway's parameters, only ${may.join(', ')}; the controller's --waypoint-parameters=any allows everything`;
}

interface Refused {
  readonly path: string;
  /** What may be set there instead. */
  readonly may: readonly string[];
}

/** Undefined: that may stand there; otherwise what may. */
type Judge = (wish: unknown) => string | undefined;

/** Fields below a field; true: whatever stands there; texts: one of them. */
interface Fields {
  readonly [name: string]: true | readonly string[] | Judge | Fields;
}

function findRefused(wish: unknown, fields: Fields, path: string): Refused | undefined {
  // Also null, which would take the whole away.
  if (typeof wish !== 'object' || wish === null || Array.isArray(wish))
    return { path: path === '' ? 'that' : path, may: pathsOf(fields, path) };
  for (const [name, value] of Object.entries(wish) as readonly (readonly [string, unknown])[]) {
    const allowed = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const below = path === '' ? name : `${path}.${name}`;
    if (allowed === true) continue;
    if (allowed === undefined) return { path: below, may: pathsOf(fields, path) };
    const refused =
      name === CONTAINERS
        ? findRefusedContainer(value, allowed as Fields, below)
        : findRefusedValue(value, allowed, below);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

/** The waypoint's own, and no other beside it. */
function findRefusedContainer(wish: unknown, fields: Fields, path: string): Refused | undefined {
  if (!Array.isArray(wish)) return { path, may: [`${path}[waypoint]`] };
  for (const entry of wish as readonly unknown[]) {
    const name = typeof entry === 'object' && entry !== null && 'name' in entry ? entry.name : undefined;
    if (name !== 'waypoint') return { path: `${path}[${String(name)}]`, may: [`${path}[waypoint]`] };
    const refused = findRefused(entry, fields, `${path}[waypoint]`);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

function findRefusedValue(
  wish: unknown,
  allowed: readonly string[] | Judge | Fields,
  path: string,
): Refused | undefined {
  if (typeof allowed !== 'function' && !isTexts(allowed)) return findRefused(wish, allowed, path);
  const may = typeof allowed === 'function' ? allowed(wish) : refusedText(wish, allowed);
  return may === undefined ? undefined : { path: `${path}: ${JSON.stringify(wish)}`, may: [may] };
}

function refusedText(wish: unknown, texts: readonly string[]): string | undefined {
  return typeof wish === 'string' && texts.includes(wish) ? undefined : texts.join(', ');
}

/**
 * By a class of Kubernetes' own a waypoint would push out any other pod, the mesh's among them. What other classes are worth is
 * the cluster's to say, and who may use them a ResourceQuota's.
 */
function refusedPriorityClass(wish: unknown): string | undefined {
  const isOther = wish === null || (typeof wish === 'string' && !wish.startsWith('system-'));
  return isOther ? undefined : 'a class whose name does not begin with system-';
}

function pathsOf(fields: Fields, path: string): readonly string[] {
  return Object.keys(fields).map((name) => (path === '' ? name : `${path}.${name}`));
}

function isTexts(allowed: readonly string[] | Fields): allowed is readonly string[] {
  return Array.isArray(allowed);
}

const CONTAINERS = 'containers';
/** What says which object is meant is not the wish's to say, and is passed over. */
const OBJECT = { apiVersion: true, kind: true } as const;
const METADATA: Fields = { labels: true, annotations: true, name: true, namespace: true };
const POD: Fields = {
  affinity: true,
  imagePullSecrets: true,
  nodeSelector: true,
  priorityClassName: refusedPriorityClass,
  terminationGracePeriodSeconds: true,
  tolerations: true,
  topologySpreadConstraints: true,
  [CONTAINERS]: {
    name: true,
    imagePullPolicy: true,
    resources: true,
  },
};

const FIELDS: Readonly<Record<string, Fields>> = {
  serviceAccount: {
    ...OBJECT,
    metadata: METADATA,
    automountServiceAccountToken: true,
    imagePullSecrets: true,
  },
  deployment: {
    ...OBJECT,
    metadata: METADATA,
    spec: {
      minReadySeconds: true,
      progressDeadlineSeconds: true,
      replicas: true,
      revisionHistoryLimit: true,
      strategy: true,
      template: { metadata: { labels: true, annotations: true }, spec: POD },
    },
  },
  service: {
    ...OBJECT,
    metadata: METADATA,
    spec: {
      // Not externalIPs, a selector or an external name: by these it would take the traffic of others.
      type: ['ClusterIP', 'NodePort', 'LoadBalancer'],
      allocateLoadBalancerNodePorts: true,
      externalTrafficPolicy: true,
      internalTrafficPolicy: true,
      ipFamilies: true,
      ipFamilyPolicy: true,
      loadBalancerClass: true,
      loadBalancerSourceRanges: true,
      sessionAffinity: true,
      sessionAffinityConfig: true,
      trafficDistribution: true,
    },
  },
  horizontalPodAutoscaler: {
    ...OBJECT,
    metadata: METADATA,
    spec: { behavior: true, maxReplicas: true, metrics: true, minReplicas: true },
  },
  podDisruptionBudget: {
    ...OBJECT,
    metadata: METADATA,
    spec: { maxUnavailable: true, minAvailable: true, unhealthyPodEvictionPolicy: true },
  },
};
