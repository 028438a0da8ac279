import { objectKey, type PodObject } from '../../objects/index.ts';
import { REDIRECTION, REDIRECTION_ENABLED } from '../../translate/index.ts';

/** Pods by what a judgement sees of them: a thousand of one Deployment are one. */
export interface PodKinds {
  set(pod: PodObject): void;
  /** By `namespace/name`. */
  remove(key: string): void;
  /** One pod, as JSON, for each kind of them in a namespace. */
  standIns(namespace: string): readonly string[];
  readonly size: number;
}

/** Without a pod. */
export function createPodKinds(): PodKinds {
  const kindOf = new Map<string, Kind>();
  /** By namespace and by what a judgement sees. */
  const kinds = new Map<string, Map<string, Kind>>();
  let size = 0;

  const remove = (key: string): void => {
    const kind = kindOf.get(key);
    if (kind === undefined) return;
    kindOf.delete(key);
    kind.pods -= 1;
    if (kind.pods > 0) return;
    const namespace = key.slice(0, key.indexOf('/'));
    const own = kinds.get(namespace);
    own?.delete(kind.text);
    if (own?.size === 0) kinds.delete(namespace);
    size -= 1;
  };

  return {
    remove,
    set(pod) {
      const key = objectKey(pod.meta);
      remove(key);
      if (pod.phase === 'Succeeded' || pod.phase === 'Failed') return;
      const { namespace } = pod.meta;
      const own = kinds.get(namespace) ?? new Map<string, Kind>();
      kinds.set(namespace, own);
      const text = standIn(pod);
      const known = own.get(text);
      const kind = known ?? { text, pods: 0 };
      if (known === undefined) {
        own.set(text, kind);
        size += 1;
      }
      kind.pods += 1;
      kindOf.set(key, kind);
    },
    standIns: (namespace) =>
      [...(kinds.get(namespace)?.keys() ?? [])].map((text, index) => text.replace(NAME, `pods-${index}`)),
    get size() {
      return size;
    },
  };
}

interface Kind {
  readonly text: string;
  /** How many there are. */
  pods: number;
}

function standIn({ meta, serviceAccount, hostNetwork }: PodObject): string {
  const labels = [...meta.labels]
    .filter(([name]) => !OF_ONE_POD.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const captures = [REDIRECTION.own, REDIRECTION.istio].filter(
    (name) => meta.annotations.get(name) === REDIRECTION_ENABLED,
  );
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: NAME,
      namespace: meta.namespace,
      labels: Object.fromEntries(labels),
      ...(captures.length > 0
        ? { annotations: Object.fromEntries(captures.map((name) => [name, REDIRECTION_ENABLED])) }
        : {}),
    },
    spec: { serviceAccountName: serviceAccount, hostNetwork },
    status: { phase: 'Running' },
  });
}

/** No object's name. */
const NAME = '(name)';
/** Labels that each pod, or each version of its owner, has of its own. */
const OF_ONE_POD: ReadonlySet<string> = new Set([
  'pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'batch.kubernetes.io/job-completion-index',
  'batch.kubernetes.io/controller-uid',
  'controller-uid',
]);
