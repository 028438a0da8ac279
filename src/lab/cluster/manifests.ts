import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LineCounter, parseAllDocuments } from 'yaml';
import { MAX_NESTING, describeError, isTooDeep } from '../../base/index.ts';
import { LabError } from '../errors.ts';

/** An object as somebody wrote it: nothing is filled in, but it has an apiVersion, a kind and a name. */
export interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** Reads a file, every `.yaml`, `.yml` and `.json` below a directory, or standard input for `-` (given as `stdin`). */
export function readManifests(path: string, stdin: () => string): readonly ManifestObject[] {
  if (path === '-') return parseManifests(stdin(), 'standard input');
  return manifestFiles(path).flatMap((file) => parseManifests(readText(file), file));
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** Takes lists (`kind: List`) apart. `origin` is only for messages. */
export function parseManifests(text: string, origin: string): readonly ManifestObject[] {
  if (text.length > LONGEST)
    throw manifestError(origin, 1, `expected ${LONGEST} characters at most, got ${text.length}`);
  const lineCounter = new LineCounter();
  const objects: ManifestObject[] = [];
  for (const document of parseAllDocuments(text, { lineCounter })) {
    const [error] = document.errors;
    if (error !== undefined) {
      throw manifestError(
        origin,
        lineCounter.linePos(error.pos[0]).line,
        // The position is said already, and the lines after the first draw it.
        (error.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, ''),
      );
    }
    const line = lineCounter.linePos(document.contents?.range?.[0] ?? 0).line;
    const value = contentOf(document, (problem) => manifestError(origin, line, problem));
    if (value === null || value === undefined) continue;
    if (isTooDeep(value)) throw manifestError(origin, line, `nested deeper than ${MAX_NESTING} levels`);
    const items =
      isRecord(value) && value.kind === 'List' && Array.isArray(value.items) ? value.items : [value];
    for (const item of items) objects.push(asManifestObject(item, origin, line));
  }
  return objects;
}

/** Aliases may lead nowhere, or unfold without end. */
function contentOf(document: { toJS(): unknown }, problem: (message: string) => LabError): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    throw problem(describeError(cause));
  }
}

function manifestFiles(path: string): readonly string[] {
  let isDirectory: boolean;
  try {
    isDirectory = statSync(path).isDirectory();
  } catch (cause) {
    throw unreadable(path, cause);
  }
  if (!isDirectory) return [path];
  // Pipes and the like, which could be waited for for ever, are read only where they are named.
  const files = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => /\.(ya?ml|json)$/.test(entry.name) && (entry.isFile() || entry.isSymbolicLink()))
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
  if (files.length === 0) {
    throw new LabError({
      code: 'ERR_LAB_MANIFEST',
      blame: 'downstream',
      message: `no .yaml, .yml or .json file in ${path}`,
    });
  }
  return files;
}

function asManifestObject(value: unknown, origin: string, line: number): ManifestObject {
  if (!isRecord(value))
    throw manifestError(origin, line, 'expected an object with apiVersion, kind and metadata');
  for (const field of ['apiVersion', 'kind'] as const) {
    if (typeof value[field] !== 'string' || value[field] === '')
      throw manifestError(
        origin,
        line,
        `${field}: expected a non-empty string, got ${JSON.stringify(value[field])}`,
      );
  }
  const metadata = value.metadata;
  if (!isRecord(metadata)) throw manifestError(origin, line, 'metadata: expected an object');
  const name = metadata.name;
  if (typeof name !== 'string' || !/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name)) {
    throw manifestError(
      origin,
      line,
      `metadata.name: expected lower-case letters, digits, '-' and '.', got ${JSON.stringify(name)}`,
    );
  }
  // Checked field by field just above.
  return value as unknown as ManifestObject;
}

function unreadable(path: string, cause: unknown): LabError {
  return new LabError({
    code: 'ERR_LAB_MANIFEST',
    blame: 'downstream',
    message: `cannot read ${path}`,
    cause,
  });
}

function manifestError(origin: string, line: number, message: string): LabError {
  return new LabError({
    code: 'ERR_LAB_MANIFEST',
    blame: 'downstream',
    message: `${origin}:${line}: ${message}`,
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As long as a file of manifests may be that the controller reads. */
const LONGEST = 16 * 1024 * 1024;
