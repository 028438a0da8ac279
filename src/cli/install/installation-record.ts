import type { Cluster, ObjectName } from './cluster/cluster.ts';
import { type Manifest, meta } from './objects/manifest.ts';
import { defaultSettings, type InstallSettings, renderObjects } from './objects/settings.ts';

/** What was installed, for the next time. */
export interface Installation {
  readonly version: string;
  readonly settings: InstallSettings;
  /** What it consists of beside the kinds of our own. Of one that is yet to come: what its settings say. */
  readonly objects?: readonly ObjectName[];
}

/** The object that says so, in the cluster itself: whoever upgrades need not know what was asked for at first. */
export function recordObject({ version, settings }: Installation): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: meta(RECORD_NAME, 'installation'),
    data: {
      version,
      settings: JSON.stringify(settings),
      objects: renderObjects(settings).map(lineOf).join('\n'),
    },
  };
}

/** Undefined: there is none, or it was installed by other means. */
export async function readInstallation(cluster: Cluster): Promise<Installation | undefined> {
  const found = await cluster.find({ apiVersion: 'v1', kind: 'ConfigMap', metadata: meta(RECORD_NAME, '') });
  const settings = settingsInRecord(found);
  const { version, objects = '' } = dataOf(found);
  if (version === undefined || settings === undefined) return undefined;
  return { version, settings, objects: objects.split('\n').flatMap(nameIn) };
}

/** The settings in the object that says what was installed; undefined: there is none. */
export function settingsInRecord(record: object | undefined): InstallSettings | undefined {
  const { version = '', settings } = dataOf(record);
  if (settings === undefined) return undefined;
  // Settings that came with a later version have their defaults.
  return { ...defaultSettings(version), ...(JSON.parse(settings) as Partial<InstallSettings>) };
}

function dataOf(record: object | undefined): {
  readonly version?: string;
  readonly settings?: string;
  readonly objects?: string;
} {
  return record !== undefined && 'data' in record ? (record.data ?? {}) : {};
}

/** `apps/v1 Deployment nodemesh-system/nodemesh-controller`. */
function lineOf({ apiVersion, kind, metadata: { name, namespace } }: Manifest): string {
  return `${apiVersion} ${kind} ${namespace === undefined ? '' : `${String(namespace)}/`}${name}`;
}

/** What such a line names; nothing where somebody has written something else. */
function nameIn(line: string): readonly ObjectName[] {
  const [, apiVersion, kind, namespace, name] = /^(\S+) (\w+) (?:([^\s/]+)\/)?([^\s/]+)$/.exec(line) ?? [];
  if (apiVersion === undefined || kind === undefined || name === undefined) return [];
  return [{ apiVersion, kind, metadata: namespace === undefined ? { name } : { name, namespace } }];
}

/** Of the ConfigMap in the mesh's namespace; a lab that is not as labs are by default has one too. */
export const RECORD_NAME = 'nodemesh-installation';
