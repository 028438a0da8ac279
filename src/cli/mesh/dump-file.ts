import { readFile } from 'node:fs/promises';
import { CliError } from '../errors.ts';
import { readStandardInput, type Terminal } from '../terminal/index.ts';

/** A dump that was saved before. */
export interface SavedDump {
  /** `-` is standard input. */
  readonly path: string;
  readonly terminal: Terminal;
}

/** In JSON. `part` is whose `nodemesh admin` prints one. Rejects with CliError. */
export async function readDumpJson(saved: SavedDump, part: string): Promise<unknown> {
  return parseDump(await readText(saved, part), saved.path);
}

/** `origin` tells people where the text is from. Throws CliError. */
export function parseDump(text: string, origin: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new CliError({
      code: 'ERR_CLI_API_ANSWER',
      blame: 'downstream',
      message: `${origin}: expected a config dump in JSON`,
      cause,
    });
  }
}

async function readText({ path, terminal }: SavedDump, part: string): Promise<string> {
  try {
    return path === '-' ? await readStandardInput(terminal) : await readFile(path, 'utf8');
  } catch (cause) {
    throw new CliError({
      code: 'ERR_CLI_FILE',
      blame: 'downstream',
      message: `cannot read the config dump ${path}`,
      hint: `nodemesh admin ${part} /config_dump prints one; - reads standard input`,
      cause,
    });
  }
}
