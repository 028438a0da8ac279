import {
  type Attachment,
  authorizerKey,
  type GatewayKey,
  serviceKey,
  type WaypointResource,
} from '../../model/index.ts';
import {
  type AuthorizationPolicyObject,
  MESH_CONFIG_NAMES,
  type MeshConfigObject,
  type PolicyTargetReference,
  type RequestAuthenticationObject,
} from '../objects/index.ts';
import {
  bindPolicyTarget,
  type GuardOutcome,
  guardAuthentication,
  guardPolicy,
  type GuardTargets,
  type MeshSettings,
  ownController,
  type ServiceInfo,
  serviceHostname,
  translateAuthorizer,
  translateMeshConfig,
  trustDomainsOf,
} from '../translate/index.ts';
import type { Collection, Fetch, Graph } from './graph/index.ts';
import type { Judged, MeshStores } from './mesh-stores.ts';
import type { WaypointBinder } from './waypoint-collections.ts';

/** The MeshConfig that counts. */
export interface EffectiveMeshConfig {
  /** Of its ConfigMap. */
  readonly name: string;
  readonly mesh: MeshConfigObject;
}

/** What waypoints are told about who may send what, and what becomes of the objects that say so. */
export interface GuardCollections {
  /** By the names of the resources: policies, ways to verify tokens, and what MeshConfig says. */
  readonly requestPolicies: Collection<WaypointResource>;
  readonly requestAuthentications: Collection<WaypointResource>;
  readonly meshResources: Collection<WaypointResource>;
  /** By the object's `namespace/name`. */
  readonly policyOutcomes: Collection<GuardOutcome>;
  readonly authenticationOutcomes: Collection<GuardOutcome>;
  /** At most one value, under `mesh`. */
  readonly meshConfig: Collection<EffectiveMeshConfig>;
}

/** What guards are derived from. */
export interface GuardInputs {
  readonly stores: MeshStores;
  readonly services: Collection<ServiceInfo>;
  readonly waypoints: WaypointBinder;
}

/** What cannot be understood refuses what it is for, and its outcome says so. */
export function deriveGuards(
  graph: Graph,
  { stores, services, waypoints }: GuardInputs,
  settings: MeshSettings,
): GuardCollections {
  const { rootNamespace, clusterDomain } = settings;
  // What follows from no single object follows from this.
  const theMesh = graph.store<true>();
  theMesh.set(MESH, true);
  const meshConfig = graph.derive(theMesh, (fetch): [string, EffectiveMeshConfig][] => {
    for (const name of MESH_CONFIG_NAMES) {
      const mesh = fetch.one(stores.configMaps, `${rootNamespace}/${name}`)?.mesh;
      if (mesh !== undefined) return [[MESH, { name, mesh }]];
    }
    return [];
  });
  const meshResources = graph.derive(meshConfig, (_fetch, { name, mesh }): [string, WaypointResource][] => {
    const settingsOfAll = translateMeshConfig(mesh, name, settings);
    return [
      [settingsOfAll.key, { kind: 'settings', settings: settingsOfAll }],
      ...mesh.extensionProviders.flatMap((provider): [string, WaypointResource][] => {
        const authorizer = translateAuthorizer(provider, settings);
        return authorizer === undefined ? [] : [[authorizer.key, { kind: 'authorizer', authorizer }]];
      }),
    ];
  });
  const servicesByNamespace = graph.index(services, ({ service }) => [service.namespace]);
  const waypointsByNamespace = graph.index(waypoints.waypoints, ({ namespace }) => [namespace]);

  function targetsOf(
    fetch: Fetch,
    references: readonly PolicyTargetReference[],
    namespace: string,
  ): GuardTargets {
    const lookup = {
      gatewayClass(name: string) {
        const found = fetch.one(stores.gatewayClasses, name);
        if (ownController(name, found, settings) !== undefined) return 'ours';
        return found === undefined ? undefined : 'foreign';
      },
      waypoint(key: GatewayKey) {
        const info = fetch.one(waypoints.waypoints, key);
        return info?.ours === true ? info : undefined;
      },
      service(ofNamespace: string, name: string) {
        const key = serviceKey(ofNamespace, serviceHostname(name, ofNamespace, clusterDomain));
        const info = fetch.one(services, key);
        if (info === undefined) return undefined;
        const [waypoint] = waypoints.boundTo(fetch, info.service);
        return { waypoint };
      },
    } as const;
    return {
      bindings: references.map((reference) => bindPolicyTarget(reference, namespace, { settings, lookup })),
      everything: () => [
        ...fetch
          .all(waypointsByNamespace, namespace)
          .map(({ key }): Attachment => ({ kind: 'gateway', gateway: key })),
        ...fetch
          .all(servicesByNamespace, namespace)
          .map(({ key }): Attachment => ({ kind: 'service', service: key, port: undefined })),
      ],
    };
  }

  const policyOutcomes = graph.derive(
    stores.policies,
    (fetch, judged: Judged<AuthorizationPolicyObject>, key) => {
      const { meta, targetRefs } = judged.object;
      const { mesh } = fetch.one(meshConfig, MESH) ?? {};
      const outcome = guardPolicy(judged, targetsOf(fetch, targetRefs, meta.namespace), {
        trustDomains: trustDomainsOf(mesh, settings),
        isProvider: (name) => fetch.one(meshResources, authorizerKey(rootNamespace, name)) !== undefined,
      });
      return outcome === undefined ? [] : [[key, outcome]];
    },
  );
  const authenticationOutcomes = graph.derive(
    stores.requestAuthentications,
    (fetch, judged: Judged<RequestAuthenticationObject>, key) => {
      const { meta, targetRefs } = judged.object;
      return [[key, guardAuthentication(judged, targetsOf(fetch, targetRefs, meta.namespace))]];
    },
  );
  const resourcesOf = (outcomes: Collection<GuardOutcome>, kind: string) =>
    graph.derive(outcomes, (_fetch, { resource }, key): [string, WaypointResource][] =>
      resource === undefined ? [] : [[`${kind}/${key}`, resource]],
    );
  return {
    requestPolicies: resourcesOf(policyOutcomes, 'AuthorizationPolicy'),
    requestAuthentications: resourcesOf(authenticationOutcomes, 'RequestAuthentication'),
    meshResources,
    policyOutcomes,
    authenticationOutcomes,
    meshConfig,
  };
}

const MESH = 'mesh';
