import { type PathNormalization, type WaypointSettings, waypointSettingsKey } from '../../../model/index.ts';
import type { MeshConfigObject } from '../../objects/index.ts';
import type { MeshSettings } from '../mesh-settings.ts';

/** `name`: of the ConfigMap that it stands in. */
export function translateMeshConfig(
  mesh: MeshConfigObject,
  name: string,
  { rootNamespace }: MeshSettings,
): WaypointSettings {
  return {
    key: waypointSettingsKey(rootNamespace, name),
    namespace: rootNamespace,
    name,
    pathNormalization: NORMALIZATIONS[mesh.pathNormalization],
  };
}

/** The mesh's own trust domain, then its aliases, each once. */
export function trustDomainsOf(
  mesh: MeshConfigObject | undefined,
  { trustDomain }: MeshSettings,
): readonly string[] {
  return [...new Set([trustDomain, ...(mesh?.trustDomainAliases ?? [])])];
}

const NORMALIZATIONS: Readonly<Record<MeshConfigObject['pathNormalization'], PathNormalization>> = {
  DEFAULT: 'base',
  NONE: 'none',
  BASE: 'base',
  MERGE_SLASHES: 'merge-slashes',
  DECODE_AND_MERGE_SLASHES: 'decode-and-merge-slashes',
};
