import type { LabClient } from '../../../lab/client/index.ts';
import type { KubeObject } from '../../../lab/cluster/objects/index.ts';
import { sideBySideOf } from '../../install/side-by-side.ts';
import { field, listField, textField } from './object-fields.ts';
import { type InspectedObject, inspectAll } from './validate.ts';
import { type Labelled, wantedWaypoint } from './wanted-waypoint.ts';

/** An object as it was written, or as the lab keeps it. */
export interface NotedObject extends InspectedObject {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: unknown;
}

/** What authors should know and their objects' statuses have no word for: sentences. */
export async function objectNotes<T extends NotedObject>(
  lab: Pick<LabClient, 'objects'>,
  objects: readonly T[],
): Promise<ReadonlyMap<T, readonly string[]>> {
  const { notices } = await inspectAll(objects);
  const routes = objects.filter(({ kind }) => ROUTE_KINDS.includes(kind));
  const mesh = routes.length === 0 ? NO_MESH : await meshOf(lab);
  const notes = objects.map(
    (object) => [object, [...(notices.get(object) ?? []), ...unboundServices(object, mesh)]] as const,
  );
  return new Map(notes.filter(([, texts]) => texts.length > 0));
}

/** Those that a Service can be a parent of. */
export const ROUTE_KINDS: readonly string[] = ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute'];

/** For each Service that is a parent and has no waypoint. The API's own condition says that all is well with it. */
function unboundServices({ kind, metadata, spec }: NotedObject, mesh: LabelledMesh): readonly string[] {
  const prefix = mesh.sideBySide ? 'nodemesh.io' : 'istio.io';
  if (!ROUTE_KINDS.includes(kind)) return [];
  const parents = listField(spec, 'parentRefs')
    .filter((parent) => field(parent, 'kind') === 'Service' && field(parent, 'group') === '')
    .map((parent) => {
      const namespace = textField(parent, 'namespace') ?? metadata.namespace ?? 'default';
      return `${namespace}/${textField(parent, 'name') ?? ''}`;
    });
  return [...new Set(parents)].flatMap((key) => {
    const service = mesh.services.get(key);
    if (
      service === undefined ||
      wantedWaypoint(service, mesh.namespaces.get(service.namespace), mesh) !== undefined
    )
      return [];
    return [`no effect on Service ${key}, which is not bound to a waypoint (label ${prefix}/use-waypoint)`];
  });
}

interface LabelledMesh {
  /** By `namespace/name`. */
  readonly services: ReadonlyMap<string, Labelled>;
  readonly namespaces: ReadonlyMap<string, Labelled['labels']>;
  /** Istio's labels are another mesh's. */
  readonly sideBySide: boolean;
}

const NO_MESH: LabelledMesh = { services: new Map(), namespaces: new Map(), sideBySide: false };

async function meshOf(lab: Pick<LabClient, 'objects'>): Promise<LabelledMesh> {
  const [services, namespaces] = await Promise.all([lab.objects('Service'), lab.objects('Namespace')]);
  return {
    services: new Map(services.map(({ metadata }) => [`${metadata.namespace}/${metadata.name}`, metadata])),
    namespaces: labelsByName(namespaces),
    sideBySide: (await sideBySideOf(lab)) === true,
  };
}

/** Labels of namespaces by name. */
export function labelsByName(namespaces: readonly KubeObject[]): LabelledMesh['namespaces'] {
  return new Map(namespaces.map(({ metadata }) => [metadata.name, metadata.labels]));
}
