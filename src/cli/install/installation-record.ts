import type { Cluster } from './cluster/cluster.ts';
import { type Manifest, meta } from './objects/manifest.ts';
import { defaultSettings, type InstallSettings } from './objects/settings.ts';

/** What was installed, for the next time. */
export interface Installation {
  readonly version: string;
  readonly settings: InstallSettings;
}

/** The object that says so, in the cluster itself: whoever upgrades need not know what was asked for at first. */
export function recordObject({ version, settings }: Installation): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: meta(RECORD_NAME, 'installation'),
    data: { version, settings: JSON.stringify(settings) },
  };
}

/** Undefined: there is none, or it was installed by other means. */
export async function readInstallation(cluster: Cluster): Promise<Installation | undefined> {
  const found = await cluster.find({ apiVersion: 'v1', kind: 'ConfigMap', metadata: meta(RECORD_NAME, '') });
  const settings = settingsInRecord(found);
  const { version } = dataOf(found);
  return version === undefined || settings === undefined ? undefined : { version, settings };
}

/** The settings in the object that says what was installed; undefined: there is none. */
export function settingsInRecord(record: object | undefined): InstallSettings | undefined {
  const { version = '', settings } = dataOf(record);
  if (settings === undefined) return undefined;
  // Settings that came with a later version have their defaults.
  return { ...defaultSettings(version), ...(JSON.parse(settings) as Partial<InstallSettings>) };
}

function dataOf(record: object | undefined): { readonly version?: string; readonly settings?: string } {
  return record !== undefined && 'data' in record ? (record.data ?? {}) : {};
}

/** Of the ConfigMap in the mesh's namespace; a lab that is not as labs are by default has one too. */
export const RECORD_NAME = 'nodemesh-installation';
