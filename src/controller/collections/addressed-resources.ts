import {
  type Attachment,
  attachmentsOf,
  backendsOf,
  extensionsOf,
  type GatewayKey,
  type Route,
  type ServiceKey,
  type WaypointResource,
} from '../../model/index.ts';
import type { ServiceInfo } from '../translate/index.ts';
import type { Collection, Fetch, Graph } from './graph/index.ts';
import type { WaypointBinder } from './waypoint-collections.ts';

/** A resource with the waypoints that are told of it. */
export interface AddressedResource {
  readonly resource: WaypointResource;
  readonly gateways: ReadonlySet<GatewayKey>;
}

/** What it is found out from. */
export interface AddressingInputs {
  /** By the name that the resource has on the wire. */
  readonly routes: Collection<Route>;
  readonly waypoints: Pick<WaypointBinder, 'waypoints' | 'boundTo' | 'servedBy'>;
  readonly services: Collection<ServiceInfo>;
}

/** Finds out who is to be told what: a waypoint gets what holds for its own services, and nothing of anybody else's. */
export interface Addressing {
  /** A collection of resources with their addressees, under the same keys. */
  address<T>(
    source: Collection<T>,
    resourceOf: (value: T) => WaypointResource | undefined,
  ): Collection<AddressedResource>;
}

/** Adds its indexes to the graph; answers within a derivation, whose dependencies they become. */
export function createAddressing(graph: Graph, inputs: AddressingInputs): Addressing {
  const { routes, waypoints, services } = inputs;
  const routesByExtension = graph.index(routes, (route) => [...extensionsOf(route)]);
  const routesByBackend = graph.index(routes, (route) => [...backendsOf(route)]);
  const byClass = graph.index(waypoints.waypoints, ({ className }) => [EVERY_CLASS, classSlot(className)]);

  const ofService = (fetch: Fetch, key: ServiceKey): readonly GatewayKey[] => {
    const info = fetch.one(services, key);
    return info === undefined ? [] : waypoints.boundTo(fetch, info.service);
  };
  /** A waypoint is told of its own service: then it knows everything that holds for pods. */
  const ofItsOwn = (fetch: Fetch, key: ServiceKey): readonly GatewayKey[] => {
    const info = fetch.one(services, key);
    return info === undefined ? [] : waypoints.servedBy(fetch, info.service).map((waypoint) => waypoint.key);
  };
  const ofRoute = (
    fetch: Fetch,
    route: Route | undefined,
    concerns: (service: ServiceKey) => boolean = () => true,
  ): readonly GatewayKey[] =>
    route?.parents.flatMap(({ service }) => (concerns(service) ? ofService(fetch, service) : [])) ?? [];
  const ofAttachment = (
    fetch: Fetch,
    attachment: Attachment,
    concerns: (service: ServiceKey) => boolean,
  ): readonly GatewayKey[] => {
    switch (attachment.kind) {
      case 'gateway':
        return [attachment.gateway];
      case 'waypoints': {
        const slot = attachment.className === undefined ? EVERY_CLASS : classSlot(attachment.className);
        return fetch.all(byClass, slot).map(({ key }) => key);
      }
      case 'service':
        return ofService(fetch, attachment.service);
      case 'route':
        return ofRoute(fetch, fetch.one(routes, attachment.route), concerns);
    }
  };
  const addressees = (fetch: Fetch, resource: WaypointResource, name: string): readonly GatewayKey[] => {
    if (resource.kind === 'route') return ofRoute(fetch, resource.route);
    if (resource.kind === 'bound-service')
      return [...ofService(fetch, resource.service), ...ofItsOwn(fetch, resource.service)];
    const attachments = attachmentsOf(resource);
    // How traffic to a service is carried is the business of every waypoint that sends to it.
    const senders =
      resource.kind === 'traffic'
        ? attachments.flatMap((attachment) =>
            attachment.kind === 'service' ? fetch.all(routesByBackend, attachment.service) : [],
          )
        : [];
    // A filter is code: a waypoint gets none that only a consumer's route has to do with.
    const concerns = (service: ServiceKey): boolean =>
      resource.kind !== 'filter' || service.startsWith(`${resource.filter.namespace}/`);
    return [
      ...attachments.flatMap((attachment) => ofAttachment(fetch, attachment, concerns)),
      ...senders.flatMap((route) => ofRoute(fetch, route)),
      ...fetch.all(routesByExtension, name).flatMap((route) => ofRoute(fetch, route, concerns)),
    ];
  };

  return {
    address: (source, resourceOf) =>
      graph.derive(source, (fetch, value, key) => {
        const resource = resourceOf(value);
        if (resource === undefined) return [];
        return [[key, { resource, gateways: new Set(addressees(fetch, resource, key)) }]];
      }),
  };
}

/** No class is called so. */
const EVERY_CLASS = '*';

function classSlot(className: string): string {
  return `class ${className}`;
}
