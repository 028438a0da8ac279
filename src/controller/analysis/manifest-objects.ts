import { MAX_NESTING, describeError, isTooDeep } from '../../base/index.ts';
import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import { itemsOf, placeInText } from '../sources/manifests/index.ts';
import { type Finding, finding, OWN } from './messages/index.ts';
import { type AnalysedObject, nameOf, readAnalysedObject } from './subject/index.ts';

/** What one file says. */
export interface AnalysedManifest {
  readonly objects: readonly AnalysedObject[];
  /** What in the text is no object. */
  readonly findings: readonly Finding[];
}

/** Reads the text of one file: any number of YAML documents (or JSON), each an object or a List. Never throws. */
export function readAnalysedManifest(file: string, text: string): AnalysedManifest {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  const reader: Reader = { file, lines, objects: [], findings: [] };
  for (const document of documents as readonly Document.Parsed[]) readDocument(reader, document);
  return reader;
}

/** Objects that are written several times; `objects` may come from many files. */
export function findDuplicates(objects: readonly AnalysedObject[]): readonly Finding[] {
  const same = Map.groupBy(objects, (object) => `${object.group} ${object.kind} ${nameOf(object)}`);
  return [...same.values()].flatMap((copies) =>
    copies.slice(0, -1).map((object) => {
      const place = copies.at(-1)?.locate([]);
      return finding(
        OWN.DuplicateObject,
        { object },
        place === undefined ? 'another place' : `${place.file}:${place.line}`,
      );
    }),
  );
}

interface Reader {
  readonly file: string;
  readonly lines: LineCounter;
  readonly objects: AnalysedObject[];
  readonly findings: Finding[];
}

function readDocument(reader: Reader, document: Document.Parsed): void {
  const { lines } = reader;
  const [error] = document.errors;
  // One mistake makes many errors; the first one is where it is.
  if (error !== undefined)
    reportUnreadable(reader, `not YAML: ${error.message}`, lines.linePos(error.pos[0]));
  let value: unknown;
  try {
    value = document.toJS();
  } catch (cause) {
    if (error === undefined)
      reportUnreadable(reader, `not YAML: ${describeError(cause)}`, placeInText(document, [], lines));
    return;
  }
  if (value === null || value === undefined) return;
  if (isTooDeep(value)) {
    if (error === undefined)
      reportUnreadable(reader, `nested deeper than ${MAX_NESTING} levels`, placeInText(document, [], lines));
    return;
  }
  for (const { item, path } of itemsOf(value)) {
    const locate: AnalysedObject['locate'] = (field) => {
      const { line, col } = placeInText(document, [...path, ...field], lines);
      return { file: reader.file, line, column: col };
    };
    const object = readAnalysedObject(item, { locate });
    if (object !== undefined) reader.objects.push(object);
    // Half a document without a kind has been reported already.
    else if (error === undefined) reportNoObject(reader, item, placeInText(document, path, lines));
  }
}

interface Position {
  readonly line: number;
  readonly col: number;
}

function reportNoObject(reader: Reader, item: unknown, at: Position): void {
  const fields = typeof item === 'object' && item !== null ? (item as Readonly<Record<string, unknown>>) : {};
  const [version, kind] = [typeof fields.apiVersion === 'string', typeof fields.kind === 'string'];
  if (kind && BUILD_KINDS.has(String(fields.kind))) return;
  if (!version && !kind) {
    reader.findings.push(finding(OWN.NotAnObject, { object: fileObject(reader.file, at) }));
    return;
  }
  const missing = version ? (kind ? 'metadata.name' : 'kind') : 'apiVersion';
  reportUnreadable(reader, `no object: expected ${missing}, got nothing that is one`, at);
}

function reportUnreadable({ file, findings }: Reader, text: string, at: Position): void {
  findings.push(finding(OWN.UnreadableManifest, { object: fileObject(file, at) }, text));
}

/** Stands for a file where there is no object to speak of. */
function fileObject(file: string, { line, col }: Position): AnalysedObject {
  const value = { apiVersion: 'v1', kind: 'Manifest', metadata: { name: file } };
  const object = readAnalysedObject(value, { locate: () => ({ file, line, column: col }) });
  if (object === undefined) throw new TypeError(`a file has a name, got ${JSON.stringify(file)}`);
  return object;
}

/** What tools read, and no cluster. */
const BUILD_KINDS: ReadonlySet<string> = new Set(['Kustomization', 'Component', 'Lab']);
