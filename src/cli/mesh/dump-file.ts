import { readFileSync } from 'node:fs';
import { LabError } from '../../lab/index.ts';

/** A dump that was saved before, in JSON; `-` is standard input. `part` is whose `nodemesh admin` prints one. Throws LabError. */
export function readDumpJson(path: string, part: string): unknown {
  return parseDump(readText(path, part), path);
}

/** `origin` tells people where the text is from. Throws LabError. */
export function parseDump(text: string, origin: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new LabError({
      code: 'ERR_LAB_REQUEST',
      blame: 'downstream',
      message: `${origin}: expected a config dump in JSON`,
      cause,
    });
  }
}

function readText(path: string, part: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (cause) {
    throw new LabError({
      code: 'ERR_LAB_REQUEST',
      blame: 'downstream',
      message: `cannot read the config dump ${path}`,
      hint: `nodemesh admin ${part} /config_dump prints one; - reads standard input`,
      cause,
    });
  }
}
