import { create } from '@bufbuild/protobuf';
import { type PathNormalization, type WaypointSettings, waypointSettingsKey } from '../../../model/index.ts';
import {
  PathNormalization as WirePathNormalization,
  type Settings,
  SettingsSchema,
} from '../../generated/waypoint_settings_pb.js';
import { enumTable } from '../enum-table.ts';
import { requireText } from '../field.ts';

const NORMALIZATIONS = enumTable<PathNormalization>({
  none: WirePathNormalization.NONE,
  base: WirePathNormalization.BASE,
  'merge-slashes': WirePathNormalization.MERGE_SLASHES,
  'decode-and-merge-slashes': WirePathNormalization.DECODE_AND_MERGE_SLASHES,
});

/** `nodemesh.waypoint.Settings`. */
export function encodeSettings({ namespace, name, pathNormalization }: WaypointSettings): Settings {
  return create(SettingsSchema, {
    namespace,
    name,
    pathNormalization: NORMALIZATIONS.encode(pathNormalization),
  });
}

/** Throws ERR_WIRE_FIELD, naming the field. */
export function decodeSettings(message: Settings): WaypointSettings {
  const namespace = requireText(message.namespace, 'settings.namespace');
  const name = requireText(message.name, 'settings.name');
  return {
    key: waypointSettingsKey(namespace, name),
    namespace,
    name,
    pathNormalization: NORMALIZATIONS.decode(message.pathNormalization, 'settings.path_normalization'),
  };
}
