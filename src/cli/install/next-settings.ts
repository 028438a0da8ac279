import { CliError } from '../errors.ts';
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

/** The same, once it is known what is there. Throws ERR_CLI_OPTION where a flag would be without effect. */
export function checkedSettings(
  installed: Installation | undefined,
  flags: SettingsFlags,
  version: string,
): InstallSettings {
  const settings = nextSettings(installed, flags, version);
  if (flags.sharedRoots === true && !settings.sideBySide)
    throw new CliError({
      code: 'ERR_CLI_OPTION',
      blame: 'downstream',
      message:
        '--shared-roots: expected a mesh side by side with another, got one that is alone; nothing was changed',
      hint: 'add --side-by-side, or leave it out: docs/moving-from-istio.md',
    });
  return settings;
}
