import { MAX_NESTING, describeError, isTooDeep } from '../../../base/index.ts';
import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import {
  apiVersionsOf,
  type FieldPath,
  formatFieldPath,
  UNKNOWN_FIELD,
  inspectObject,
  type MeshObject,
  objectKey,
  objectKindOf,
} from '../../objects/index.ts';
import type { SourceProblem } from '../object-source.ts';
import { placeInText } from './place-in-text.ts';

/** One object of a file. */
export interface ManifestEntry {
  /** `Pod shop/cart-1`: names the object among all objects. */
  readonly id: string;
  readonly object: MeshObject;
  readonly line: number;
  /** The object as text; equal text is the same object. */
  readonly content: string;
  /** Empty: sound. */
  readonly faults: readonly string[];
}

/** What one file claims. */
export interface ManifestContent {
  readonly entries: readonly ManifestEntry[];
  readonly problems: readonly SourceProblem[];
  /** A part of the text could not be parsed at all, so objects may be in it that are not among the entries. */
  readonly incomplete: boolean;
  readonly unknownKinds: ReadonlySet<string>;
}

/** Reads the text of one file: any number of YAML documents (or JSON), each an object or a List of objects. Never throws. */
export function readManifest(file: string, text: string): ManifestContent {
  const reader: Reader = { file, entries: [], problems: [], unknownKinds: new Set(), incomplete: false };
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  for (const document of documents as readonly Document.Parsed[]) readDocument(reader, document, lines);
  return reader;
}

/** The same of objects that have been parsed already; their lines are their places, from 1. */
export function readParsed(file: string, objects: readonly unknown[]): ManifestContent {
  const reader: Reader = { file, entries: [], problems: [], unknownKinds: new Set(), incomplete: false };
  for (const [index, object] of objects.entries())
    for (const { item } of itemsOf(object))
      readObject(reader, { item, intact: true, lineAt: () => index + 1 });
  return reader;
}

interface Reader {
  readonly file: string;
  readonly entries: ManifestEntry[];
  readonly problems: SourceProblem[];
  readonly unknownKinds: Set<string>;
  incomplete: boolean;
}

function readDocument(reader: Reader, document: Document.Parsed, lines: LineCounter): void {
  for (const error of document.errors) {
    reader.incomplete = true;
    report(reader, { line: lines.linePos(error.pos[0]).line, message: `not YAML: ${error.message}` });
  }
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    // Aliases that lead nowhere or that would unfold without end.
    reader.incomplete = true;
    report(reader, { line: lineOf(document, [], lines), message: `not YAML: ${describeError(error)}` });
    return;
  }
  if (value === null || value === undefined) return;
  if (isTooDeep(value)) {
    reader.incomplete = true;
    report(reader, {
      line: lineOf(document, [], lines),
      message: `nested deeper than ${MAX_NESTING} levels`,
    });
    return;
  }
  const intact = document.errors.length === 0;
  for (const { item, path } of itemsOf(value)) {
    readObject(reader, { item, intact, lineAt: (field) => lineOf(document, [...path, ...field], lines) });
  }
}

/** The items of a List, each with its path, or the value itself. */
export function itemsOf(value: unknown): readonly { readonly item: unknown; readonly path: FieldPath }[] {
  const { kind, items } = (typeof value === 'object' && value !== null ? value : {}) as {
    readonly kind?: unknown;
    readonly items?: unknown;
  };
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items))
    return [{ item: value, path: [] }];
  return items.flatMap((item: unknown, index) =>
    itemsOf(item).map((inner) => ({ item: inner.item, path: ['items', index, ...inner.path] })),
  );
}

function readObject(
  reader: Reader,
  found: {
    readonly item: unknown;
    readonly intact: boolean;
    readonly lineAt: (path: FieldPath) => number;
  },
): void {
  const { item, intact, lineAt } = found;
  const line = lineAt([]);
  const kind = objectKindOf(item);
  if (kind === undefined) {
    // Half a document without a kind has been reported as a syntax error already.
    if (intact) reportUnknown(reader, item, line);
    return;
  }
  const { object, issues, notices } = inspectObject(kind, item);
  const name = object.meta.name === '' ? `(without name, ${reader.file}:${line})` : objectKey(object.meta);
  const id = `${kind} ${name}`;
  const faults = issues.map(({ path, expected, got }) => {
    const field = formatFieldPath(path);
    report(reader, {
      line: lineAt(path),
      field,
      object: id,
      message: `expected ${expected}, got ${got}`,
    });
    return `${field}: expected ${expected}, got ${got}`;
  });
  for (const { path, expected, got } of notices) {
    const message =
      got === UNKNOWN_FIELD
        ? `unknown field, passed over: expected ${expected}`
        : `expected ${expected}, got ${got}`;
    report(reader, {
      severity: 'notice',
      line: lineAt(path),
      field: formatFieldPath(path),
      object: id,
      message,
    });
  }
  if (!intact) faults.push('the document is not well-formed YAML');
  reader.entries.push({ id, object, line, faults, content: JSON.stringify(item) });
}

function reportUnknown(reader: Reader, item: unknown, line: number): void {
  const { kind, apiVersion } = (typeof item === 'object' && item !== null ? item : {}) as Readonly<
    Record<string, unknown>
  >;
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') {
    report(reader, { line, message: 'not an object: expected apiVersion and kind' });
    return;
  }
  const versions = apiVersionsOf(kind);
  const [group = ''] = apiVersion.split('/');
  // A version that an API server would not have either; of another group it is another kind.
  if (versions?.some((version) => version.startsWith(`${group}/`)) === true) {
    const message = `expected one of ${versions.join(', ')}, got ${JSON.stringify(apiVersion)}`;
    report(reader, { line, field: 'apiVersion', message: `${kind}: ${message}` });
    return;
  }
  reader.unknownKinds.add(`${apiVersion} ${kind}`);
}

function report(
  reader: Reader,
  problem: {
    readonly severity?: 'notice';
    readonly line: number;
    readonly field?: string;
    readonly object?: string;
    readonly message: string;
  },
): void {
  reader.problems.push({ severity: 'error', file: reader.file, field: '', object: '', ...problem });
}

function lineOf(document: Document.Parsed, path: FieldPath, lines: LineCounter): number {
  return placeInText(document, path, lines).line;
}
