import type { Installation } from './installation-record.ts';
import { defaultSettings, type InstallSettings } from './objects/settings.ts';
import { type SettingsFlags, settingsOf } from './settings-options.ts';

/** Those of the installation that is there, over them what flags say. The image goes with the version, unless somebody has chosen one. */
export function nextSettings(
  installed: Installation | undefined,
  flags: SettingsFlags,
  version: string,
): InstallSettings {
  const defaults = defaultSettings(version);
  if (installed === undefined) return settingsOf(flags, defaults);
  const { version: before, settings } = installed;
  const isOurs = settings.image === defaultSettings(before).image;
  return settingsOf(flags, isOurs ? { ...settings, image: defaults.image } : settings);
}
