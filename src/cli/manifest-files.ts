import { type ManifestObject, readManifests } from '../lab/cluster/index.ts';
import { readStandardInput, type Terminal } from './terminal/index.ts';

/** The objects of what `-f` named: files, directories, and standard input for `-`. Rejects with LabError. */
export async function readManifestFiles(
  paths: readonly string[],
  terminal: Terminal,
): Promise<readonly ManifestObject[]> {
  const input = paths.includes('-') ? await readStandardInput(terminal) : '';
  return paths.flatMap((path) => readManifests(path, () => input));
}
