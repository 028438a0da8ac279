import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** One `import` or `export … from` of a file, of a type or a value, at once or when it is needed. */
export interface Import {
  readonly file: string;
  readonly specifier: string;
}

/** Files of ours below a folder, from the repository's root; what is generated is left out. */
export function sourceFiles(folder: string): readonly string[] {
  return globSync(`${folder}/**/*.{ts,tsx}`).filter((file) => !file.includes('/generated/'));
}

export function importsOf(files: readonly string[]): readonly Import[] {
  return files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(IMPORT)].map((match) => ({
      file,
      specifier: match[1] ?? match[2] ?? match[3] ?? '',
    })),
  );
}

/** The file that a relative import names; undefined for packages and node's own modules. */
export function targetOf({ file, specifier }: Import): string | undefined {
  return specifier.startsWith('.') ? relative('.', join(dirname(file), specifier)) : undefined;
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|(?:^|\n)import\s*'([^']+)'/g;
