import { isDeepStrictEqual } from 'node:util';
import {
  type GatewayKey,
  NO_TELEMETRY,
  type PodTelemetry,
  type ServiceKey,
  serviceKey,
  type WaypointResource,
  waypointTelemetryName,
} from '../../../model/index.ts';
import type { PodObject, TelemetryObject } from '../../objects/index.ts';
import {
  type MeshSettings,
  type MeshTelemetry,
  mergeTelemetry,
  ownController,
  providerHost,
  providerService,
  type ServiceInfo,
  serviceHostname,
  type TelemetryOutcome,
  telemetryOutcome,
  translateMeshTelemetry,
} from '../../translate/index.ts';
import type { Collection, Fetch, Graph } from '../graph/index.ts';
import type { EffectiveMeshConfig } from '../guard-collections.ts';
import { labelSetKey } from '../label-lookup.ts';
import type { MeshStores } from '../mesh-stores.ts';
import type { WaypointBinder } from '../waypoint-collections.ts';
import { createTelemetryScopes, oldestOf } from './telemetry-scopes.ts';

/** What proxies are told of telemetry, and what becomes of the objects that say so. */
export interface TelemetryCollections {
  /** By the object's `namespace/name`. */
  readonly telemetryOutcomes: Collection<TelemetryOutcome>;
  /** By the names of the resources, one for each waypoint that something was said for. */
  readonly telemetryResources: Collection<WaypointResource>;
  /** Undefined: nothing was said for it. */
  telemetryOfPod(fetch: Fetch, pod: PodObject): PodTelemetry | undefined;
}

/** What it is derived from. */
export interface TelemetryInputs {
  readonly stores: MeshStores;
  readonly services: Collection<ServiceInfo>;
  readonly waypoints: WaypointBinder;
  readonly meshConfig: Collection<EffectiveMeshConfig>;
}

/** A Telemetry that holds for a service which goes through a waypoint. */
interface ServiceTelemetry {
  readonly gateway: GatewayKey;
  readonly service: ServiceKey;
  readonly object: TelemetryObject;
}

/** Pods with the same labels share what is found for one of them. */
export function deriveTelemetry(
  graph: Graph,
  { stores, services, waypoints, meshConfig }: TelemetryInputs,
  settings: MeshSettings,
): TelemetryCollections {
  const { clusterDomain } = settings;
  const scopes = createTelemetryScopes(graph, stores.telemetries, settings);
  const seed = graph.store<true>();
  seed.set(MESH, true);
  const meshTelemetry = graph.derive(seed, (fetch): [string, MeshTelemetry][] => {
    const addressOf = (text: string): string => {
      const key = providerService(text, settings);
      const info = key === undefined ? undefined : fetch.one(services, key);
      return info?.service.addresses[0]?.address ?? providerHost(text);
    };
    return [[MESH, translateMeshTelemetry(fetch.one(meshConfig, MESH)?.mesh, addressOf)]];
  });

  const labelSets = graph.distinct(stores.pods, labelSetKey, ({ meta: { namespace, labels } }) => ({
    namespace,
    labels,
  }));
  const podTelemetry = graph.derive(
    labelSets,
    (fetch, { namespace, labels }, key): [string, PodTelemetry][] => {
      const mesh = fetch.one(meshTelemetry, MESH);
      if (mesh === undefined) return [];
      const selecting = scopes.selecting(fetch, namespace, labels);
      const objects = [...scopes.wide(fetch, namespace), ...(selecting === undefined ? [] : [selecting])];
      const telemetry: PodTelemetry = {
        client: mergeTelemetry(objects, 'CLIENT', mesh),
        server: mergeTelemetry(objects, 'SERVER', mesh),
      };
      return isDeepStrictEqual(telemetry, SILENT) ? [] : [[key, telemetry]];
    },
  );

  const ofServices = graph.derive(stores.telemetries, (fetch, { object, faults }, key) => {
    if (faults.length > 0) return [];
    const { namespace } = object.meta;
    return object.targetRefs.flatMap(({ kind, name }): [string, ServiceTelemetry][] => {
      const service = serviceKey(namespace, serviceHostname(name, namespace, clusterDomain));
      const info = kind === 'Service' ? fetch.one(services, service) : undefined;
      if (info === undefined) return [];
      return waypoints
        .boundTo(fetch, info.service)
        .map((gateway) => [`${key} ${service} ${gateway}`, { gateway, service, object }]);
    });
  });
  const byGateway = graph.index(ofServices, ({ gateway }) => [gateway]);

  /** What a waypoint sees is on its way to a server. */
  const telemetryResources = graph.derive(
    waypoints.waypoints,
    (fetch, info): [string, WaypointResource][] => {
      const mesh = fetch.one(meshTelemetry, MESH);
      if (!info.ours || mesh === undefined) return [];
      const [ofMesh, ...ofNamespace] = scopes.wide(fetch, info.namespace);
      const name = info.key.slice(info.namespace.length + 1);
      const objects = [
        ofMesh,
        scopes.gatewayClass(fetch, info.className),
        ...ofNamespace,
        scopes.gateway(fetch, info.namespace, name),
      ].filter((object) => object !== undefined);
      const ofBound = Map.groupBy(fetch.all(byGateway, info.key), ({ service }) => service);
      const telemetry = {
        gateway: info.key,
        settings: mergeTelemetry(objects, 'SERVER', mesh),
        services: [...ofBound].flatMap(([service, all]) => {
          const narrowest = oldestOf(all.map(({ object }) => object));
          return narrowest === undefined
            ? []
            : [{ service, settings: mergeTelemetry([...objects, narrowest], 'SERVER', mesh) }];
        }),
      };
      if (telemetry.services.length === 0 && isDeepStrictEqual(telemetry.settings, NO_TELEMETRY)) return [];
      return [[waypointTelemetryName(info.key), { kind: 'telemetry', telemetry }]];
    },
  );

  const telemetryOutcomes = graph.derive(
    stores.telemetries,
    (fetch, { object, faults }, key): [string, TelemetryOutcome][] => {
      const providers = fetch.one(meshTelemetry, MESH)?.providers ?? new Map();
      const lookup = {
        gatewayClass(name: string) {
          const found = fetch.one(stores.gatewayClasses, name);
          if (ownController(name, found, settings) !== undefined) return 'ours';
          return found === undefined ? undefined : 'foreign';
        },
        waypoint(gateway: GatewayKey) {
          const info = fetch.one(waypoints.waypoints, gateway);
          return info?.ours === true ? info : undefined;
        },
        service(ofNamespace: string, name: string) {
          const service = serviceKey(ofNamespace, serviceHostname(name, ofNamespace, clusterDomain));
          const info = fetch.one(services, service);
          return info && { waypoint: waypoints.boundTo(fetch, info.service)[0] };
        },
      } as const;
      const outcome = telemetryOutcome(
        { object, faults, ahead: scopes.ahead(fetch, object)?.meta.name },
        { providers, settings, lookup },
      );
      return [[key, outcome]];
    },
  );

  return {
    telemetryOutcomes,
    telemetryResources,
    telemetryOfPod: (fetch, pod) => fetch.one(podTelemetry, labelSetKey(pod)),
  };
}

const MESH = 'mesh';
const SILENT: PodTelemetry = { client: NO_TELEMETRY, server: NO_TELEMETRY };
