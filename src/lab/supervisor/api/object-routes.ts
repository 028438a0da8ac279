import { describeError } from '../../../base/index.ts';
import { type ManifestObject, type MetadataPatch, namespaceOf } from '../../cluster/index.ts';
import { isNamespaced, type KubeObject } from '../../cluster/objects/index.ts';
import { LabError } from '../../errors.ts';
import type { Lab } from '../lab.ts';
import { badRequest, bodyField, type JsonHandler, stringField } from './router.ts';

/** What became of one object; the others of a call go on whatever became of it. */
export interface ApplyResult {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly outcome: 'created' | 'configured' | 'unchanged' | 'failed';
  readonly error?: string;
}

/** Namespaces before what is in them, services before pods that may ask for them. */
const APPLY_ORDER = ['Namespace', 'ServiceAccount', 'ConfigMap', 'Secret', 'Service'];

/** To the lab's objects. */
export function objectRoutes({ cluster }: Lab): Readonly<Record<string, JsonHandler>> {
  const { store } = cluster;
  return {
    'POST /v1/apply': ({ body }) => {
      const objects = bodyField(body, 'objects');
      if (!Array.isArray(objects)) throw badRequest('objects: expected a list');
      // The CLI has parsed them; each one's shape is checked when it is admitted.
      const inOrder = (objects as ManifestObject[])
        .map((object, index) => ({ object, index }))
        .sort((a, b) => rank(a.object) - rank(b.object) || a.index - b.index);
      return inOrder.map(({ object }) => applyOne(cluster, object));
    },
    'POST /v1/delete': ({ body }) => {
      const kind = stringField(body, 'kind');
      const grace = bodyField(body, 'gracePeriodSeconds');
      cluster.delete(
        kind,
        namespaceIn(body, kind),
        stringField(body, 'name'),
        typeof grace === 'number' ? grace : undefined,
      );
      return {};
    },
    'GET /v1/kinds': () => store.kinds(),
    'GET /v1/objects': ({ query }): readonly KubeObject[] => {
      const kind = query.get('kind') ?? '';
      const namespace = query.get('namespace');
      const name = query.get('name');
      const found = store.listAny(kind, namespace === null || !isNamespaced(kind) ? undefined : namespace);
      const sorted = [...found].sort((a, b) => sortKey(a).localeCompare(sortKey(b)));
      return name === null ? sorted : sorted.filter(({ metadata }) => metadata.name === name);
    },
    'POST /v1/metadata': ({ body }) => {
      const kind = stringField(body, 'kind');
      // Written by our own CLI; keys and values are only strings or null there.
      const patch = {
        labels: bodyField(body, 'labels'),
        annotations: bodyField(body, 'annotations'),
      } as MetadataPatch;
      return cluster.patchMetadata(kind, namespaceIn(body, kind), stringField(body, 'name'), patch);
    },
    'POST /v1/scale': ({ body }) => {
      const kind = stringField(body, 'kind');
      const replicas = bodyField(body, 'replicas');
      if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0)
        throw badRequest('replicas: expected a whole number from 0');
      return cluster.scale(kind, namespaceIn(body, kind), stringField(body, 'name'), replicas);
    },
  };
}

function applyOne(cluster: Lab['cluster'], object: ManifestObject): ApplyResult {
  const named = { kind: object.kind, namespace: namespaceOf(object), name: object.metadata.name };
  try {
    return { ...named, outcome: cluster.apply(object) };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { ...named, outcome: 'failed', error: describeError(error) };
  }
}

function rank({ kind }: ManifestObject): number {
  const index = APPLY_ORDER.indexOf(kind);
  return index === -1 ? APPLY_ORDER.length : index;
}

function namespaceIn(body: unknown, kind: string): string {
  const namespace = bodyField(body, 'namespace');
  return isNamespaced(kind) ? (typeof namespace === 'string' && namespace) || 'default' : '';
}

function sortKey({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}
