import { createField, type Field, MESH_CONFIG_NAMES } from '../../objects/index.ts';
import { directFetch } from '../../collections/index.ts';
import { type MeshSettings, serviceHostname, type WaypointInfo } from '../../translate/index.ts';
import { parse } from 'yaml';
import type { AnalysedObject } from './analysed-object.ts';
import { deriveMesh, type DerivedMesh } from './derived-mesh.ts';
import { indexWorkloads, type WorkloadIndex } from './workloads.ts';

/** How the mesh is set up, and whether all of it is there. */
export interface AnalysisSettings extends MeshSettings {
  /**
   * The objects are all that there are, as in a running mesh. Otherwise they are some files, and what is not among them
   * may still be there: what nobody can know is not complained about.
   */
  readonly complete: boolean;
  /** At which time certificates must be valid, in milliseconds since the epoch. Default: now. */
  readonly nowMs?: number;
}

/** All objects, found by what is asked for. Kinds are written `group/Kind`, those of Kubernetes' core `/Kind`. */
export interface AnalysedMesh {
  readonly settings: AnalysisSettings;
  readonly objects: readonly AnalysedObject[];
  of(kind: string): readonly AnalysedObject[];
  inNamespace(kind: string, namespace: string): readonly AnalysedObject[];
  get(kind: string, namespace: string, name: string): AnalysedObject | undefined;
  /** Those that exist as objects, and those in which something is. */
  readonly namespaces: ReadonlySet<string>;
  readonly workloads: WorkloadIndex;
  /** Istio's MeshConfig; without one, a field that holds nothing. */
  readonly meshConfig: Field;
  /** The waypoint that a Service's requests go through first; undefined: none. */
  waypointOf(namespace: string, service: string): WaypointInfo | undefined;
  /** What this mesh's controller makes of the objects. */
  readonly derived: DerivedMesh;
}

/** `meshConfig`: for callers that have it by itself; default: the one of the ConfigMaps. */
export function createAnalysedMesh(
  objects: readonly AnalysedObject[],
  settings: AnalysisSettings,
  meshConfig?: unknown,
): AnalysedMesh {
  const byKind = Map.groupBy(objects, kindOf);
  const byNamespace = Map.groupBy(objects, (object) => `${kindOf(object)} ${object.namespace}`);
  const byName = new Map(
    objects.map((object) => [keyOf(kindOf(object), object.namespace, object.name), object]),
  );
  const derived = deriveMesh(objects, settings);
  const mesh = {
    settings,
    objects,
    of: (kind: string) => byKind.get(kind) ?? [],
    inNamespace: (kind: string, namespace: string) => byNamespace.get(`${kind} ${namespace}`) ?? [],
    get: (kind: string, namespace: string, name: string) => byName.get(keyOf(kind, namespace, name)),
    namespaces: new Set(
      objects
        .map((object) => (object.kind === 'Namespace' ? object.name : object.namespace))
        .filter((name) => name !== ''),
    ),
    workloads: indexWorkloads(objects),
    derived,
    waypointOf: (namespace: string, service: string) =>
      waypointOf(derived, settings, { namespace, name: service }),
  };
  return { ...mesh, meshConfig: createField(meshConfig ?? meshConfigOf(mesh), []) };
}

function meshConfigOf(mesh: Pick<AnalysedMesh, 'get' | 'settings'>): unknown {
  for (const name of MESH_CONFIG_NAMES) {
    const text = mesh
      .get('/ConfigMap', mesh.settings.rootNamespace, name)
      ?.root.key('data')
      .key('mesh')
      .text();
    if (text === undefined) continue;
    try {
      return parse(text, { logLevel: 'silent' });
    } catch {
      // The controller's own reading of it says what is wrong.
      return undefined;
    }
  }
  return undefined;
}

function kindOf({ group, kind }: AnalysedObject): string {
  return `${group}/${kind}`;
}

function keyOf(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`;
}

function waypointOf(
  { collections }: DerivedMesh,
  { clusterDomain }: MeshSettings,
  service: ServiceName,
): WaypointInfo | undefined {
  const hostname = serviceHostname(service.name, service.namespace, clusterDomain);
  const info = collections.services.get(`${service.namespace}/${hostname}`);
  const [key] = info === undefined ? [] : collections.boundTo(directFetch, info.service);
  return key === undefined ? undefined : collections.waypoints.get(key);
}

interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}
