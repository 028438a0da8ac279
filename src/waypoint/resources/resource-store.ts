import { createSignal, type Signal } from '../../base/index.ts';
import {
  type Attachment,
  attachmentsOf,
  backendsOf,
  extensionsOf,
  type GatewayKey,
  type ServiceKey,
  type WaypointResource,
} from '../../model/index.ts';

/** What one response of the control plane says. Removals come first. */
export interface ResourceChange {
  readonly upserts: readonly { readonly name: string; readonly resource: WaypointResource }[];
  readonly removed: readonly string[];
}

/** What a change may concern: plans for it are out of date. */
export interface ResourceReach {
  readonly everything: boolean;
  readonly services: ReadonlySet<ServiceKey>;
}

/** All that the waypoint was told beside the mesh itself, by what it holds for. */
export interface ResourceStore {
  /** Whose resources these are. */
  readonly gateway: GatewayKey;
  apply(change: ResourceChange): void;
  /**
   * What may hold for a service: attached to it, to one of its routes or named by one, or to the gateway; and the traffic
   * policies of the services that its routes send to.
   */
  concerning(service: ServiceKey): readonly WaypointResource[];
  /** What holds for all traffic through the waypoint, also for pods that were dialled by their own address. */
  attachedToGateway(): readonly WaypointResource[];
  get(name: string): WaypointResource | undefined;
  all(): IterableIterator<WaypointResource>;
  readonly size: number;
  readonly changes: Signal<ResourceReach>;
}

/** An empty store for the waypoint of `gateway`. Applying a change costs in proportion to the change. */
export function createResourceStore(gateway: GatewayKey): ResourceStore {
  const byName = new Map<string, WaypointResource>();
  /** Resources by the slots of what they hold for. */
  const filed = new Map<string, Map<string, WaypointResource>>();
  const changes = createSignal<ResourceReach>();

  const inSlot = (slot: string): WaypointResource[] => [...(filed.get(slot)?.values() ?? [])];
  const file = (name: string, resource: WaypointResource): void => {
    for (const slot of slotsOf(resource, gateway)) {
      const known = filed.get(slot) ?? new Map<string, WaypointResource>();
      filed.set(slot, known.set(name, resource));
    }
  };
  const unfile = (name: string, resource: WaypointResource): void => {
    for (const slot of slotsOf(resource, gateway)) {
      const known = filed.get(slot);
      known?.delete(name);
      if (known?.size === 0) filed.delete(slot);
    }
  };
  const note = (name: string, resource: WaypointResource, reach: MutableReach): void => {
    // What is told of requests is no part of any plan for them.
    if (resource.kind === 'telemetry') return;
    if (resource.kind === 'route') {
      for (const { service } of resource.route.parents) reach.services.add(service);
      return;
    }
    const routes = inSlot(referrersSlot(name));
    for (const attachment of attachmentsOf(resource)) {
      if (attachment.kind === 'service') {
        reach.services.add(attachment.service);
        if (resource.kind === 'traffic') routes.push(...inSlot(sendersSlot(attachment.service)));
      } else if (attachment.kind === 'route')
        routes.push(...[byName.get(attachment.route)].filter(isDefined));
      else reach.everything = true;
    }
    for (const route of routes) note('', route, reach);
  };

  return {
    gateway,
    apply({ upserts, removed }) {
      const reach: MutableReach = { everything: false, services: new Set() };
      const forget = (name: string): void => {
        const before = byName.get(name);
        if (before === undefined) return;
        note(name, before, reach);
        unfile(name, before);
        byName.delete(name);
      };
      for (const name of removed) forget(name);
      for (const { name, resource } of upserts) {
        forget(name);
        byName.set(name, resource);
        file(name, resource);
      }
      // Only now are all routes known that the new ones may be attached to.
      for (const { name, resource } of upserts) note(name, resource, reach);
      if (reach.everything || reach.services.size > 0) changes.emit(reach);
    },
    concerning(service) {
      const found = new Set([...inSlot(EVERYTHING), ...inSlot(serviceSlot(service))]);
      for (const resource of [...found]) {
        if (resource.kind !== 'route') continue;
        for (const attached of inSlot(routeSlot(resource.route.key))) found.add(attached);
        for (const key of extensionsOf(resource.route)) {
          const named = byName.get(key);
          if (named !== undefined) found.add(named);
        }
        // How a backend is reached is said at the backend, whoever's requests go there.
        for (const key of backendsOf(resource.route))
          for (const attached of inSlot(serviceSlot(key)))
            if (attached.kind === 'traffic') found.add(attached);
      }
      return [...found];
    },
    attachedToGateway: () => inSlot(EVERYTHING),
    get: (name) => byName.get(name),
    all: () => byName.values(),
    get size() {
      return byName.size;
    },
    changes,
  };
}

interface MutableReach extends ResourceReach {
  everything: boolean;
  readonly services: Set<ServiceKey>;
}

/** What has no attachment of its own (an object that only routes name) is found by its name alone. */
function slotsOf(resource: WaypointResource, gateway: GatewayKey): readonly string[] {
  if (resource.kind === 'route') {
    const { parents } = resource.route;
    const referred = [...extensionsOf(resource.route)].map(referrersSlot);
    const sent = [...backendsOf(resource.route)].map(sendersSlot);
    return [...new Set([...parents.map(({ service }) => serviceSlot(service)), ...referred, ...sent])];
  }
  return attachmentsOf(resource).flatMap((attachment) => slotOf(attachment, gateway) ?? []);
}

/** Undefined: it is attached to another gateway. */
function slotOf(attachment: Attachment, gateway: GatewayKey): string | undefined {
  switch (attachment.kind) {
    case 'gateway':
      return attachment.gateway === gateway ? EVERYTHING : undefined;
    case 'waypoints':
      // Only waypoints of the class are told.
      return EVERYTHING;
    case 'service':
      return serviceSlot(attachment.service);
    case 'route':
      return routeSlot(attachment.route);
  }
}

function serviceSlot(service: string): string {
  return `service ${service}`;
}

function routeSlot(route: string): string {
  return `route ${route}`;
}

/** Where the routes are filed that send to a service. */
function sendersSlot(service: string): string {
  return `senders ${service}`;
}

/** Where the routes are filed that name an object. */
function referrersSlot(object: string): string {
  return `referrers ${object}`;
}

function isDefined<T>(value: T | undefined): value is T {
  return value !== undefined;
}

const EVERYTHING = 'everything';
