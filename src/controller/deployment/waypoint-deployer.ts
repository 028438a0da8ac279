import { createHash } from 'node:crypto';
import { createSignal, type Logger, type Signal } from '../../base/index.ts';
import { type GatewayKey, gatewayKey } from '../../model/index.ts';
import type { MeshCollections } from '../collections/index.ts';
import type { ObjectMeta } from '../objects/index.ts';
import { APPLIED, type ObjectManifest, type SinkQueue } from '../sink/index.ts';
import type { DeploymentSettings } from './deployment-settings.ts';
import { idOfKey, manifestId, type ObjectId, readKinds } from './object-id.ts';
import { renderGateway } from './render-gateway.ts';

/** The waypoints that are wanted, and the way to write what they are made of. */
export interface WaypointDeployerOptions {
  readonly collections: Pick<MeshCollections, 'waypoints' | 'objects'>;
  readonly sink: Pick<SinkQueue, 'applyObject' | 'deleteObject'>;
  readonly settings: DeploymentSettings;
  readonly log: Logger;
}

/**
 * Keeps what waypoints are made of in step with their Gateways: writes what is missing or other than wanted, deletes of
 * its own what is not wanted any more, and touches nothing of anybody else's. What a Gateway owned goes with it.
 */
export interface WaypointDeployer {
  /** The mesh's roots, PEM; nothing is deployed before they are known. */
  setRoots(pem: string): void;
  /** Why a waypoint cannot be deployed as its Gateway says; undefined: nothing is in the way. */
  fault(gateway: GatewayKey): string | undefined;
  /** Gateways whose fault is another now. */
  readonly faultChanges: Signal<ReadonlySet<GatewayKey>>;
  /** Looks at everything anew: what was asked for before may not have been done. */
  repeat(): void;
  stop(): void;
}

interface Wanted {
  readonly manifest: ObjectManifest;
  readonly gateway: GatewayKey;
}

/** Waits for the roots before it writes anything: pods without them would not start. */
export function createWaypointDeployer(options: WaypointDeployerOptions): WaypointDeployer {
  const { sink, settings, log } = options;
  const { waypoints, objects } = options.collections;
  const wanted = new Map<string, Wanted>();
  const idsOf = new Map<GatewayKey, readonly string[]>();
  const renderFaults = new Map<GatewayKey, string>();
  const conflicts = new Map<string, string>();
  /** By the ConfigMap that a Gateway names for its parameters. */
  const parametersOf = new Map<string, Set<GatewayKey>>();
  const faultChanges = createSignal<ReadonlySet<GatewayKey>>();
  const dirtyGateways = new Set<GatewayKey>();
  const dirtyObjects = new Map<string, ObjectId>();
  const told = new Map<GatewayKey, string | undefined>();
  let roots = '';
  let scheduled = false;

  /** Everything that changed in one batch is looked at once. */
  function schedule(): void {
    if (scheduled || roots === '') return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      reconcile();
    });
  }

  function reconcile(): void {
    const gateways = [...dirtyGateways];
    dirtyGateways.clear();
    for (const key of gateways) render(key);
    const touched = new Set(gateways);
    const ids = [...dirtyObjects.values()];
    dirtyObjects.clear();
    for (const id of ids) {
      const owner = wanted.get(id.text)?.gateway;
      if (owner !== undefined) touched.add(owner);
      bringAbout(id);
    }
    const changed = new Set([...touched].filter((key) => told.get(key) !== faultOf(key)));
    for (const key of changed) told.set(key, faultOf(key));
    if (changed.size > 0) faultChanges.emit(changed);
  }

  function render(key: GatewayKey): void {
    const waypoint = waypoints.get(key);
    const gateway = objects.gateways.get(key);
    for (const users of parametersOf.values()) users.delete(key);
    renderFaults.delete(key);
    if (waypoint === undefined || gateway === undefined || !waypoint.ours || waypoint.placed) {
      want(key, []);
      return;
    }
    const { parameters, rendered } = renderGateway({ gateway, waypoint }, objects, { roots, settings });
    if (parameters !== undefined)
      parametersOf.set(parameters, (parametersOf.get(parameters) ?? new Set()).add(key));
    if (rendered.manifests === undefined) renderFaults.set(key, rendered.fault);
    else want(key, rendered.manifests);
  }

  function want(key: GatewayKey, manifests: readonly ObjectManifest[]): void {
    const before = idsOf.get(key) ?? [];
    const ids = manifests.map(manifestId);
    for (const text of before) {
      const id = wanted.get(text);
      wanted.delete(text);
      conflicts.delete(text);
      if (id !== undefined) dirtyObjects.set(text, manifestId(id.manifest));
    }
    for (const manifest of manifests) {
      const id = manifestId(manifest);
      wanted.set(id.text, { manifest: withFingerprint(manifest), gateway: key });
      dirtyObjects.set(id.text, id);
    }
    if (ids.length === 0) idsOf.delete(key);
    else
      idsOf.set(
        key,
        ids.map(({ text }) => text),
      );
  }

  function bringAbout(id: ObjectId): void {
    const present = presentMeta(id);
    const wish = wanted.get(id.text);
    if (wish === undefined) {
      if (present === undefined || !isLeftOver(present)) return;
      log.info('object of a waypoint is deleted', { object: id.text });
      sink.deleteObject(id);
      return;
    }
    conflicts.delete(id.text);
    const { manifest } = wish;
    if (present !== undefined && !isOwned(present, manifest)) {
      // Somebody's own account serves as well.
      if (id.kind !== 'ServiceAccount') conflicts.set(id.text, describeConflict(id));
      return;
    }
    const fingerprint = manifest.metadata.annotations[APPLIED];
    if (present !== undefined && present.annotations.get(APPLIED) === fingerprint) return;
    log.info('object of a waypoint is applied', { object: id.text, gateway: wish.gateway });
    sink.applyObject(manifest);
  }

  /**
   * Of ours, not wanted any more, and its Gateway is there and says so. Where the Gateway is gone its objects go with it;
   * where it cannot be understood they stay.
   */
  function isLeftOver({ annotations, terminating, namespace, owners }: ObjectMeta): boolean {
    if (!annotations.has(APPLIED) || terminating) return false;
    const owner = owners.find(({ kind }) => kind === 'Gateway');
    const key = gatewayKey(namespace, owner?.name ?? '');
    return objects.gateways.get(key) !== undefined && !renderFaults.has(key);
  }

  function presentMeta({ kind, key }: ObjectId): ObjectMeta | undefined {
    switch (kind) {
      case 'Deployment':
        return objects.deployments.get(key)?.meta;
      case 'Service':
        return objects.services.get(key)?.meta;
      case 'ServiceAccount':
        return objects.serviceAccounts.get(key)?.meta;
      case 'ConfigMap':
        return objects.configMaps.get(key)?.meta;
      default:
        // Kinds that the mesh does not read are written when the wish changes, and go with their owner.
        return undefined;
    }
  }

  function faultOf(key: GatewayKey): string | undefined {
    const conflict = (idsOf.get(key) ?? []).flatMap((id) => conflicts.get(id) ?? [])[0];
    return renderFaults.get(key) ?? conflict;
  }

  const watch = (kind: string, changes: Signal<ReadonlySet<string>>): (() => void) =>
    changes.subscribe((keys) => {
      for (const key of keys) {
        const id = idOfKey(kind, key);
        if (wanted.has(id.text) || presentMeta(id)?.annotations.has(APPLIED) === true)
          dirtyObjects.set(id.text, id);
        if (kind === 'ConfigMap') for (const user of parametersOf.get(key) ?? []) dirtyGateways.add(user);
      }
      if (dirtyObjects.size + dirtyGateways.size > 0) schedule();
    });
  const stops = [
    waypoints.changes.subscribe(markGateways),
    objects.gateways.changes.subscribe(markGateways),
    watch('Deployment', objects.deployments.changes),
    watch('Service', objects.services.changes),
    watch('ServiceAccount', objects.serviceAccounts.changes),
    watch('ConfigMap', objects.configMaps.changes),
  ];

  function markGateways(keys: ReadonlySet<string>): void {
    for (const key of keys) dirtyGateways.add(key as GatewayKey);
    schedule();
  }

  return {
    setRoots(pem) {
      if (pem === roots) return;
      roots = pem;
      for (const { key } of waypoints.values()) dirtyGateways.add(key);
      schedule();
    },
    fault: faultOf,
    faultChanges,
    repeat() {
      for (const { key } of waypoints.values()) dirtyGateways.add(key);
      for (const [kind, collection] of readKinds(objects)) {
        for (const { meta } of collection.values()) {
          const id = idOfKey(kind, `${meta.namespace}/${meta.name}`);
          if (meta.annotations.has(APPLIED)) dirtyObjects.set(id.text, id);
        }
      }
      schedule();
    },
    stop() {
      for (const stop of stops) stop();
    },
  };
}

function withFingerprint(manifest: ObjectManifest): ObjectManifest {
  const fingerprint = createHash('sha256').update(JSON.stringify(manifest)).digest('hex').slice(0, 16);
  const annotations = { ...manifest.metadata.annotations, [APPLIED]: fingerprint };
  return { ...manifest, metadata: { ...manifest.metadata, annotations } };
}

/** Ours, and of this very Gateway: one of a former Gateway of the same name is about to go with it. */
function isOwned(present: ObjectMeta, { metadata }: ObjectManifest): boolean {
  if (!present.annotations.has(APPLIED)) return false;
  return metadata.ownerReferences.every(({ kind, name, uid }) =>
    present.owners.some((owner) => owner.kind === kind && owner.name === name && owner.uid === uid),
  );
}

function describeConflict({ text }: ObjectId): string {
  return `${text} is there and is not this Gateway's: delete it, or let the Gateway's objects have another name (annotation gateway.nodemesh.io/name-override)`;
}
