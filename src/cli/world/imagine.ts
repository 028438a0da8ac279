/** An object as it was written. */
export interface ManifestLike {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>> & {
    readonly name: string;
    readonly namespace?: string;
  };
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * The objects, and what a cluster would add to them so that they mean something: a ready pod for each workload that has none,
 * and addresses. What is there already stays as it is. The given objects come first, in their order.
 */
export function imagineAbsent(objects: readonly ManifestLike[]): readonly ManifestLike[] {
  const addresses = createAddresses(objects);
  const completed = objects.map((object) => complete(object, addresses));
  const pods = objects.filter(({ kind }) => kind === 'Pod');
  const imagined = objects.flatMap((object) => {
    const template = templateOf(object);
    if (template === undefined || pods.some((pod) => isOf(pod, object, template))) return [];
    return [complete(podOf(object, template), addresses)];
  });
  return [...completed, ...imagined];
}

function complete(object: ManifestLike, addresses: Addresses): ManifestLike {
  if (object.kind === 'Pod') return completePod(object, addresses);
  return object.kind === 'Service' ? completeService(object, addresses) : object;
}

function completePod(pod: ManifestLike, addresses: Addresses): ManifestLike {
  const spec = fieldsOf(pod, 'spec');
  const status = fieldsOf(pod, 'status');
  return {
    ...pod,
    spec: { ...spec, nodeName: spec.nodeName ?? IMAGINED_NODE },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      ...(status.podIPs === undefined && status.podIP === undefined ? { podIP: addresses.pod() } : {}),
      ...status,
    },
  } as ManifestLike;
}

function completeService(service: ManifestLike, addresses: Addresses): ManifestLike {
  const spec = fieldsOf(service, 'spec');
  if (spec.type === 'ExternalName' || spec.clusterIP !== undefined || spec.clusterIPs !== undefined)
    return service;
  return { ...service, spec: { ...spec, clusterIP: addresses.service() } } as ManifestLike;
}

/** The template of whatever makes pods; undefined for what makes none, or none now. */
function templateOf(object: ManifestLike): Fields | undefined {
  const spec = fieldsOf(object, 'spec');
  switch (object.kind) {
    case 'Deployment':
    case 'StatefulSet':
    case 'ReplicaSet':
      return spec.replicas === 0 ? undefined : record(spec.template);
    case 'DaemonSet':
    case 'Job':
      return record(spec.template);
    case 'CronJob':
      return record(record(record(spec.jobTemplate).spec).template);
    default:
      return undefined;
  }
}

function podOf(owner: ManifestLike, template: Fields): ManifestLike {
  const metadata = record(template.metadata);
  const { name, namespace = 'default' } = owner.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      name: `${name}-0`,
      namespace,
      uid: `imagined-${namespace}-${name}`,
      ownerReferences: [{ apiVersion: owner.apiVersion, kind: owner.kind, name, uid: '', controller: true }],
    },
    spec: record(template.spec),
  } as ManifestLike;
}

/** By its labels, as selectors go. */
function isOf(pod: ManifestLike, owner: ManifestLike, template: Fields): boolean {
  const labels = record(pod.metadata.labels);
  const wanted = Object.entries(record(record(template.metadata).labels));
  return (
    (pod.metadata.namespace ?? 'default') === (owner.metadata.namespace ?? 'default') &&
    wanted.length > 0 &&
    wanted.every(([label, value]) => labels[label] === value)
  );
}

interface Addresses {
  pod(): string;
  service(): string;
}

/** None that an object has already, and each once. */
function createAddresses(objects: readonly ManifestLike[]): Addresses {
  const taken = JSON.stringify(objects);
  const next = (prefix: string): (() => string) => {
    let last = 1;
    return () => {
      for (;;) {
        last += 1;
        const address = `${prefix}.${last >> 8}.${last & 0xff}`;
        if (!taken.includes(`"${address}"`)) return address;
      }
    };
  };
  return { pod: next('10.244'), service: next('10.96') };
}

function fieldsOf(object: ManifestLike, field: 'spec' | 'status'): Fields {
  return record((object as unknown as Fields)[field]);
}

function record(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

const IMAGINED_NODE = 'imagined-node';
