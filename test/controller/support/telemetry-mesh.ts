import { stringify } from 'yaml';
import { createMeshCollections, type MeshCollections } from '../../../src/controller/collections/index.ts';
import { formatIssue, inspectObject, objectKindOf } from '../../../src/controller/objects/index.ts';
import type { PodTelemetry, WaypointTelemetry } from '../../../src/model/index.ts';
import { CONFORMANCE_SETTINGS } from './settings.ts';

type Json = Readonly<Record<string, unknown>>;

export const ROOT = CONFORMANCE_SETTINGS.rootNamespace;

/** Named after its namespace, unless `more` says otherwise. */
export const telemetry = (namespace: string, spec: Json, more: Json = {}): Json => ({
  apiVersion: 'telemetry.istio.io/v1',
  kind: 'Telemetry',
  metadata: { name: 'default', namespace, generation: 1, ...more },
  spec,
});

export const meshConfig = (config: Json): Json => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'istio', namespace: ROOT },
  data: { mesh: stringify(config) },
});

const pod = (namespace: string, app: string, address: string): Json => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: app, namespace, uid: `${namespace}-${app}`, labels: { app } },
  spec: { nodeName: 'node-1', serviceAccountName: app },
  status: { phase: 'Running', podIP: address, podIPs: [{ ip: address }] },
});

const namespace = (name: string): Json => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { 'istio.io/dataplane-mode': 'ambient', 'istio.io/use-waypoint': 'waypoint' } },
});

const service = (inNamespace: string, name: string, clusterIP: string): Json => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: inNamespace },
  spec: { clusterIP, clusterIPs: [clusterIP], ports: [{ port: 80 }] },
});

/** Two namespaces with pods of the apps `web` and `db`, a waypoint in `shop`, and a collector. */
const WORLD: readonly Json[] = [
  namespace('shop'),
  namespace('pay'),
  pod('shop', 'web', '10.0.0.1'),
  pod('shop', 'db', '10.0.0.2'),
  pod('pay', 'web', '10.0.0.3'),
  service('shop', 'web', '10.96.0.1'),
  service('shop', 'db', '10.96.0.2'),
  service('watch', 'otel', '10.96.0.9'),
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'waypoint', namespace: 'shop' },
    spec: {
      gatewayClassName: 'istio-waypoint',
      listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
    },
  },
];

export interface TelemetryMesh {
  readonly collections: MeshCollections;
  apply(...objects: readonly Json[]): void;
  pod(inNamespace: string, app: string): PodTelemetry | undefined;
  waypoint(): WaypointTelemetry | undefined;
  condition(
    key: string,
  ): { readonly status: string; readonly reason: string; readonly message: string } | undefined;
}

export function telemetryMesh(...objects: readonly Json[]): TelemetryMesh {
  const collections = createMeshCollections(CONFORMANCE_SETTINGS);
  const apply = (...values: readonly Json[]): void =>
    collections.apply(
      values.map((value) => {
        const kind = objectKindOf(value);
        if (kind === undefined) throw new Error('a kind that is not read');
        const { object, issues } = inspectObject(kind, value);
        return { type: 'upsert', object, faults: issues.map(formatIssue) };
      }),
    );
  apply(...WORLD, ...objects);
  return {
    collections,
    apply,
    pod: (inNamespace, app) =>
      [...collections.enrolments.values()].find(
        ({ pod: { namespace: of, name } }) => of === inNamespace && name === app,
      )?.pod.telemetry,
    waypoint() {
      const resource = collections.telemetryResources.get('Telemetry/shop/waypoint');
      return resource?.kind === 'telemetry' ? resource.telemetry : undefined;
    },
    condition: (key) => collections.telemetryOutcomes.get(key)?.condition,
  };
}
