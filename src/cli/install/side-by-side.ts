import { MeshError } from '../../base/index.ts';
import type { Cluster } from './cluster/cluster.ts';
import { RECORD_NAME, settingsInRecord } from './installation-record.ts';
import { CONTROLLER, NAMESPACE, ZTUNNEL } from './objects/manifest.ts';

/** What of an object says whether the mesh runs side by side with another. */
export interface TellingObject {
  readonly kind: string;
  readonly metadata: { readonly name?: string | undefined; readonly namespace?: string | undefined };
  readonly spec?: unknown;
}

/** How a mesh stands to another one in its cluster: `--side-by-side` and `--shared-roots`. */
export interface BesideAnother {
  readonly sideBySide: boolean;
  readonly sharedRoots: boolean;
}

/** Whether the mesh that is installed, by whatever means, leaves Istio's labels to another one. Rejects with KubernetesError. */
export async function runsSideBySide(cluster: Cluster): Promise<boolean> {
  // The controller too: ztunnels may have gone, by an `uninstall` that was cut off.
  for (const [kind, name] of [
    ['DaemonSet', ZTUNNEL],
    ['Deployment', CONTROLLER],
  ] as const) {
    const metadata = { name, namespace: NAMESPACE };
    const found = await cluster.find({ apiVersion: 'apps/v1', kind, metadata });
    if (found !== undefined && saysSideBySide([{ ...found, metadata, kind }])) return true;
  }
  return false;
}

/**
 * The same of a lab or a cluster, as far as the caller may see it; undefined: he may not. Rejects with MeshError where neither
 * answers.
 */
export async function sideBySideOf(reader: {
  objects(kind: string, namespace: string, name: string): Promise<readonly TellingObject[]>;
}): Promise<boolean | undefined> {
  try {
    const record = await reader.objects('ConfigMap', NAMESPACE, RECORD_NAME);
    if (record.length > 0) return saysSideBySide(record);
    return saysSideBySide(await reader.objects('DaemonSet', NAMESPACE, ZTUNNEL));
  } catch (error) {
    if (error instanceof MeshError && error.code === 'ERR_KUBERNETES_FORBIDDEN') return undefined;
    throw error;
  }
}

/** Whether one of the objects is of a mesh that runs so. Whatever the objects are, it does not throw. */
export function saysSideBySide(objects: readonly TellingObject[]): boolean {
  return besideAs(objects).sideBySide;
}

/**
 * How the mesh that is among the objects stands to another one: by the record of `nodemesh install`, or by the flags of its
 * processes. Whatever the objects are, it does not throw.
 */
export function besideAs(objects: readonly TellingObject[]): BesideAnother {
  const found = objects.flatMap((object) => standingOf(object) ?? []);
  const sideBySide = found.some((one) => one.sideBySide);
  return { sideBySide, sharedRoots: sideBySide && found.some((one) => one.sharedRoots) };
}

function standingOf(object: TellingObject): BesideAnother | undefined {
  const { kind, metadata } = object;
  if (metadata.namespace !== NAMESPACE) return undefined;
  const { name } = metadata;
  if (kind === 'ConfigMap' && name === RECORD_NAME) return standingInRecord(object);
  const isProcess =
    (kind === 'DaemonSet' && name === ZTUNNEL) || (kind === 'Deployment' && name === CONTROLLER);
  if (!isProcess) return undefined;
  const flags = flagsOf(object);
  return { sideBySide: flags.includes('--side-by-side'), sharedRoots: flags.includes('--shared-roots') };
}

function standingInRecord(record: object): BesideAnother | undefined {
  try {
    const { sideBySide, sharedRoots } = settingsInRecord(record) ?? ALONE;
    return { sideBySide: sideBySide === true, sharedRoots: sharedRoots === true };
  } catch (error) {
    // Somebody has written something else there, which says nothing.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Of all containers. */
function flagsOf({ spec }: TellingObject): readonly unknown[] {
  const containers: unknown = at(at(at(spec, 'template'), 'spec'), 'containers');
  return Array.isArray(containers) ? containers.flatMap((container) => at(container, 'args')) : [];
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}

const ALONE: BesideAnother = { sideBySide: false, sharedRoots: false };
