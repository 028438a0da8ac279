import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { LabError } from '../errors.ts';
import { FieldProblem } from './checks.ts';
import {
  conditionIsTrue,
  isKind,
  isNamespaced,
  type KubeObject,
  type OwnerReference,
  type PodObject,
  type StringMap,
} from './objects/index.ts';
import type { ManifestObject } from './manifests.ts';
import { mergeApplied } from './merge-applied.ts';
import type { ObjectStore } from './store.ts';
import { validateObject } from './validate.ts';
import { createVirtualAddressAllocator } from './virtual-addresses.ts';
import { completeObject } from './complete-object.ts';

/** What applying an object did, in kubectl's words. */
export type ApplyOutcome = 'created' | 'configured' | 'unchanged';

/** A change of labels and annotations; keys that are not named stay. */
export interface MetadataPatch {
  /** null takes a key away. */
  readonly labels?: Readonly<Record<string, string | null>>;
  readonly annotations?: Readonly<Record<string, string | null>>;
}

/** The API server's part: admits objects, fills in what is left out, deletes gracefully. Throws LabError. */
export interface Cluster {
  readonly store: ObjectStore;
  apply(manifest: ManifestObject): ApplyOutcome;
  /**
   * For the mesh's controller: an object that is its own to change, which the annotation `nodemesh.io/applied` says.
   * Throws ERR_LAB_CONFLICT for one that is not.
   */
  applyOwned(manifest: ManifestObject): ApplyOutcome;
  /** The same for its deletion; one that is not there is fine. */
  deleteOwned(kind: string, namespace: string, name: string): void;
  /** For the lab's own controllers: an object that they made, owned by another. */
  create(manifest: ManifestObject, owner: KubeObject): KubeObject;
  /** Pods get their grace period; everything else goes at once, and what it owned follows. */
  delete(kind: string, namespace: string, name: string, gracePeriodSeconds?: number): void;
  patchMetadata(kind: string, namespace: string, name: string, patch: MetadataPatch): KubeObject;
  scale(kind: string, namespace: string, name: string, replicas: number): KubeObject;
}

/** Admits into `store`, whose listeners hear of every change. */
export function createCluster(store: ObjectStore): Cluster {
  const allocate = createVirtualAddressAllocator(store);
  const lastApplied = new Map<string, ManifestObject>();
  const lastOwned = new Map<string, ManifestObject>();

  const admit = (
    manifest: ManifestObject,
    previous: KubeObject | undefined,
    owner?: OwnerReference,
  ): KubeObject => {
    const { labels, annotations, namespace: _, ...rest } = manifest.metadata;
    const object = {
      ...manifest,
      metadata: {
        ...rest,
        name: manifest.metadata.name,
        namespace: namespaceOf(manifest),
        uid: previous?.metadata.uid ?? randomUUID(),
        resourceVersion: '0',
        generation: 1,
        creationTimestamp: previous?.metadata.creationTimestamp ?? new Date().toISOString(),
        labels: (labels ?? {}) as StringMap,
        annotations: (annotations ?? {}) as StringMap,
        ...(owner === undefined ? {} : { ownerReferences: [owner] }),
      },
      ...(previous?.status === undefined ? {} : { status: previous.status }),
    } satisfies KubeObject;
    return completeObject(object, previous, allocate);
  };

  const mustHave = (kind: string, namespace: string, name: string): KubeObject => {
    const object = store.getAny(kind, namespace, name);
    if (object !== undefined) return object;
    throw notFound(kind, namespace, name);
  };

  return {
    store,
    apply(manifest) {
      validate(manifest);
      const namespace = namespaceOf(manifest);
      if (namespace !== '') requireNamespace(store, manifest, namespace);
      const { kind, metadata } = manifest;
      const previous = store.getAny(kind, namespace, metadata.name);
      const key = `${kind}/${namespace}/${metadata.name}`;
      const before = lastApplied.get(key);
      lastApplied.set(key, manifest);
      if (previous === undefined) {
        store.put(admit(manifest, undefined));
        return 'created';
      }
      if (previous.kind === 'Pod' && !isDeepStrictEqual(before?.spec, manifest.spec)) {
        throw new LabError({
          code: 'ERR_LAB_CONFLICT',
          blame: 'downstream',
          message: `the spec of pod ${namespace}/${metadata.name} cannot be changed`,
          hint: `delete it first: nodemesh lab delete pod ${metadata.name} -n ${namespace}`,
        });
      }
      const fresh =
        previous.kind === 'Pod'
          ? { ...previous, metadata: admit(manifest, previous).metadata }
          : admit(manifest, previous);
      const merged: KubeObject = {
        ...fresh,
        metadata: {
          ...previous.metadata,
          labels: mergeKeys(previous.metadata.labels, before?.metadata.labels, fresh.metadata.labels),
          annotations: mergeKeys(
            previous.metadata.annotations,
            before?.metadata.annotations,
            fresh.metadata.annotations,
          ),
        },
      };
      if (isDeepStrictEqual(merged, previous)) return 'unchanged';
      store.put(withGeneration(merged, previous));
      return 'configured';
    },
    applyOwned(manifest) {
      validate(manifest);
      const namespace = namespaceOf(manifest);
      if (namespace !== '') requireNamespace(store, manifest, namespace);
      const { kind, metadata } = manifest;
      const previous = store.getAny(kind, namespace, metadata.name);
      if (previous !== undefined) requireOwned(previous);
      const key = `${kind}/${namespace}/${metadata.name}`;
      const wanted = mergeApplied(previous, lastOwned.get(key), manifest) as ManifestObject;
      const fresh = admit(wanted, previous);
      lastOwned.set(key, manifest);
      if (previous === undefined) {
        store.put(fresh);
        return 'created';
      }
      const merged = { ...fresh, metadata: { ...fresh.metadata, ...standingOf(previous) } };
      if (isDeepStrictEqual(merged, previous)) return 'unchanged';
      store.put(withGeneration(merged, previous));
      return 'configured';
    },
    deleteOwned(kind, namespace, name) {
      const object = store.getAny(kind, namespace, name);
      if (object === undefined) return;
      requireOwned(object);
      lastOwned.delete(`${kind}/${namespace}/${name}`);
      store.remove(kind, namespace, name);
    },
    create(manifest, owner) {
      return store.put(
        admit(manifest, undefined, {
          apiVersion: owner.apiVersion,
          kind: owner.kind,
          name: owner.metadata.name,
          uid: owner.metadata.uid,
          controller: true,
        }),
      );
    },
    delete(kind, namespace, name, gracePeriodSeconds) {
      const object = mustHave(kind, namespace, name);
      lastApplied.delete(`${kind}/${namespace}/${name}`);
      if (isKind(object, 'Pod')) deletePod(store, object, gracePeriodSeconds);
      else if (isKind(object, 'Namespace')) {
        if (object.metadata.deletionTimestamp !== undefined) return;
        const metadata = { ...object.metadata, deletionTimestamp: new Date().toISOString() };
        store.put({ ...object, metadata, status: { phase: 'Terminating' } });
      } else store.remove(kind, namespace, name);
    },
    patchMetadata(kind, namespace, name, patch) {
      const object = mustHave(kind, namespace, name);
      const metadata = {
        ...object.metadata,
        labels: patchKeys(object.metadata.labels, patch.labels),
        annotations: patchKeys(object.metadata.annotations, patch.annotations),
      };
      return isDeepStrictEqual(metadata, object.metadata) ? object : store.put({ ...object, metadata });
    },
    scale(kind, namespace, name, replicas) {
      const object = mustHave(kind, namespace, name);
      if (!isKind(object, 'Deployment') && !isKind(object, 'StatefulSet') && !isKind(object, 'ReplicaSet')) {
        throw new LabError({
          code: 'ERR_LAB_CONFLICT',
          blame: 'downstream',
          message: `a ${kind} has no replicas to scale`,
          hint: 'Deployments, StatefulSets and ReplicaSets have',
        });
      }
      return store.put(withGeneration({ ...object, spec: { ...object.spec, replicas } }, object));
    },
  };
}

/** The namespace an object belongs to: `default` when it names none, empty for kinds that have none. */
export function namespaceOf(manifest: ManifestObject): string {
  return isNamespaced(manifest.kind) ? manifest.metadata.namespace || 'default' : '';
}

/** ERR_LAB_NOT_FOUND. */
export function notFound(kind: string, namespace: string, name: string): LabError {
  return new LabError({
    code: 'ERR_LAB_NOT_FOUND',
    blame: 'downstream',
    message: `no ${kind} ${name}${namespace === '' ? '' : ` in namespace ${namespace}`}`,
  });
}

function validate(manifest: ManifestObject): void {
  try {
    validateObject(manifest);
  } catch (error) {
    if (!(error instanceof FieldProblem)) throw error;
    throw new LabError({
      code: 'ERR_LAB_MANIFEST',
      blame: 'downstream',
      message: `${manifest.kind} ${manifest.metadata.name}: ${error.message}`,
      cause: error,
    });
  }
}

function requireOwned({ kind, metadata }: KubeObject): void {
  if (metadata.annotations['nodemesh.io/applied'] !== undefined) return;
  throw new LabError({
    code: 'ERR_LAB_CONFLICT',
    blame: 'downstream',
    message: `${kind} ${metadata.namespace}/${metadata.name} is not the mesh's to change`,
  });
}

/** What an API server keeps of an object's metadata through every change of it. */
function standingOf({ metadata: { resourceVersion, generation } }: KubeObject) {
  return { resourceVersion, generation };
}

function requireNamespace(store: ObjectStore, manifest: ManifestObject, namespace: string): void {
  const present = store.get('Namespace', '', namespace);
  if (present !== undefined && present.metadata.deletionTimestamp === undefined) return;
  const what = present === undefined ? 'does not exist' : 'is being deleted';
  throw new LabError({
    code: 'ERR_LAB_CONFLICT',
    blame: 'downstream',
    message: `${manifest.kind} ${manifest.metadata.name}: namespace ${namespace} ${what}`,
    hint: 'apply a Namespace object first (it may stand in the same file)',
  });
}

function deletePod(store: ObjectStore, pod: PodObject, gracePeriodSeconds: number | undefined): void {
  const grace = gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
  const { namespace, name, deletionGracePeriodSeconds } = pod.metadata;
  if (deletionGracePeriodSeconds !== undefined && deletionGracePeriodSeconds <= grace) return;
  // No node has it: there is nothing to wait for.
  if (!conditionIsTrue(pod.status?.conditions, 'PodScheduled')) {
    store.remove('Pod', namespace, name);
    return;
  }
  const deletionTimestamp = pod.metadata.deletionTimestamp ?? new Date().toISOString();
  store.put({ ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: grace } });
}

function withGeneration(object: KubeObject, previous: KubeObject): KubeObject {
  if (isDeepStrictEqual(object.spec, previous.spec)) return object;
  return { ...object, metadata: { ...object.metadata, generation: previous.metadata.generation + 1 } };
}

/** Three ways: what this manifest says wins, what only the one before said goes, what others wrote stays. */
function mergeKeys(present: StringMap, before: unknown, wanted: StringMap): StringMap {
  const merged: Record<string, string> = { ...present };
  for (const key of Object.keys((before ?? {}) as StringMap)) delete merged[key];
  return { ...merged, ...wanted };
}

function patchKeys(present: StringMap, patch: Readonly<Record<string, string | null>> = {}): StringMap {
  const changed: Record<string, string> = { ...present };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete changed[key];
    else changed[key] = value;
  }
  return changed;
}
