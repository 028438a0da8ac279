import type { GatewayKey } from '../../model/index.ts';
import type { MeshCollections } from '../collections/index.ts';
import type { WaypointDeployer } from '../deployment/index.ts';
import type { GatewayObject } from '../objects/index.ts';
import type { SinkQueue } from '../sink/index.ts';
import { createWarnings } from './notices/index.ts';
import { type MeshSettings, ownController, type WaypointStatus, waypointStatus } from '../translate/index.ts';

/** Where it is seen what has become of a Gateway, and where that is written. */
export interface WaypointStatusParts {
  readonly collections: Pick<MeshCollections, 'objects' | 'waypoints' | 'waypointHealth' | 'services'>;
  readonly deployer: Pick<WaypointDeployer, 'fault' | 'faultChanges'>;
  readonly sink: Pick<SinkQueue, 'setStatus' | 'forgetStatus' | 'recordEvent'>;
  readonly settings: Pick<MeshSettings, 'sideBySide'>;
}

/** Tells the authors of Gateways of ours what has become of them; by an event too what is wrong with one. Returns what stops it. */
export function writeWaypointStatus({
  collections,
  deployer,
  sink,
  settings,
}: WaypointStatusParts): () => void {
  const { objects, waypoints, waypointHealth, services } = collections;
  const warnings = createWarnings(sink);
  const dirty = new Set<GatewayKey>();
  let scheduled = false;

  function mark(keys: Iterable<string>): void {
    for (const key of keys) dirty.add(key as GatewayKey);
    if (scheduled || dirty.size === 0) return;
    scheduled = true;
    // Several collections change together; each Gateway is written once for all of them.
    queueMicrotask(() => {
      scheduled = false;
      const gateways = [...dirty];
      dirty.clear();
      for (const key of gateways) write(key);
    });
  }

  function write(key: GatewayKey): void {
    const gateway = objects.gateways.get(key);
    if (gateway === undefined) {
      const [namespace = '', name = ''] = key.split('/');
      sink.forgetStatus({ kind: 'Gateway', namespace, name, writer: WRITER });
      warnings.forget({ kind: 'Gateway', namespace, name });
      return;
    }
    const gatewayClass = objects.gatewayClasses.get(gateway.className);
    if (ownController(gateway.className, gatewayClass, settings) === undefined) return;
    const waypoint = waypoints.get(key);
    const address = waypoint?.address;
    const status = waypointStatus({
      gateway,
      waypoint,
      fault: deployer.fault(key),
      // An address is whatever its author knows it to be.
      hasService:
        address?.kind === 'address' ||
        (address !== undefined && services.get(`${address.namespace}/${address.hostname}`) !== undefined),
      ...(waypointHealth.get(key) ?? { pods: 0, ready: 0 }),
    });
    sink.setStatus(statusChange(gateway, status));
    // Not being programmed yet is how each of them begins.
    const wrong = status.conditions.find(
      (condition) => condition.type === 'Accepted' && condition.status !== 'True',
    );
    const { namespace, name } = gateway.meta;
    warnings.tell({ kind: 'Gateway', namespace, name }, wrong);
  }

  const stops = [
    objects.gateways.changes.subscribe(mark),
    waypoints.changes.subscribe(mark),
    waypointHealth.changes.subscribe(mark),
    deployer.faultChanges.subscribe(mark),
    services.changes.subscribe((keys) => {
      for (const key of keys) {
        const led = services.get(key)?.leadsTo;
        if (led !== undefined) mark([led.key]);
      }
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function statusChange(
  { meta: { namespace, name, generation } }: GatewayObject,
  { conditions, listeners, address }: WaypointStatus,
): Parameters<SinkQueue['setStatus']>[0] {
  const observed = { observedGeneration: generation };
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    namespace,
    name,
    writer: WRITER,
    conditions: conditions.map((condition) => ({ ...condition, ...observed })),
    lists: {
      listeners: {
        owner: {},
        key: 'name',
        entries: listeners.map((listener) => ({
          ...listener,
          conditions: listener.conditions.map((condition) => ({ ...condition, ...observed })),
        })),
      },
    },
    fields: { addresses: address === undefined ? null : [address] },
  };
}

const WRITER = 'waypoint';
