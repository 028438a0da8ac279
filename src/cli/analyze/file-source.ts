import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  ControllerError,
  findDuplicates,
  LARGEST_FILE_BYTES,
  readAnalysedManifest,
} from '../../controller/index.ts';
import type { AnalysisSource } from './analysis-source.ts';

/** Files, every `.yaml`, `.yml` and `.json` below folders, and for `-` what `stdin` gives. */
export function createFileSource(paths: readonly string[], stdin: () => string): AnalysisSource {
  return {
    complete: false,
    async read() {
      const manifests = paths.flatMap((path) =>
        path === '-'
          ? [readAnalysedManifest('stdin', checked('standard input', stdin()))]
          : filesOf(path).map((file) => readAnalysedManifest(file, checked(file, readText(file)))),
      );
      const objects = manifests.flatMap((manifest) => manifest.objects);
      return {
        objects,
        findings: [...manifests.flatMap(({ findings }) => findings), ...findDuplicates(objects)],
      };
    },
  };
}

function filesOf(path: string): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter(isManifest)
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** Packages bring YAML of their own. Pipes and the like, which could be waited for for ever, are read only where they are named. */
function isManifest(entry: Dirent): boolean {
  return (
    (entry.isFile() || entry.isSymbolicLink()) &&
    /\.(ya?ml|json)$/.test(entry.name) &&
    !/(^|\/)(node_modules|\.git)(\/|$)/.test(entry.parentPath)
  );
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** A larger one takes more memory than there is. */
function checked(name: string, text: string): string {
  if (text.length <= LARGEST_FILE_BYTES) return text;
  throw new ControllerError({
    code: 'ERR_CONTROLLER_MANIFESTS',
    blame: 'downstream',
    message: `${name}: expected ${LARGEST_FILE_BYTES} characters at most, got ${text.length}`,
    hint: 'split it into several files',
  });
}

function unreadable(path: string, cause: unknown): ControllerError {
  return new ControllerError({
    code: 'ERR_CONTROLLER_MANIFESTS',
    blame: 'downstream',
    message: `cannot read ${path}`,
    hint: 'name files, folders, or - for standard input',
    cause,
  });
}
