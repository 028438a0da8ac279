import { stringify } from 'yaml';
import { redactText } from './redact-text.ts';
import { redactValue } from './redact-value.ts';

/** One file of a report. Its content holds no secret any more. */
export interface ReportFile {
  readonly path: string;
  readonly content: string;
}

/** What did not answer, and why. */
export interface Missing {
  readonly path: string;
  readonly why: string;
}

/** A mesh that writes without end fills no disk. */
const LONGEST = 32 * 1024 * 1024;

/** Text as a program wrote it. JSON is redacted by its structure too, and stays JSON. */
export function textFile(path: string, text: string): ReportFile {
  const value = parseJson(text);
  return value === undefined ? { path, content: shortened(redactText(text)) } : jsonFile(path, value);
}

/** A value that is redacted by its structure, and cut where it is too long. */
export function jsonFile(path: string, value: unknown): ReportFile {
  return { path, content: shortened(`${JSON.stringify(redactValue(value), undefined, 2)}\n`) };
}

/** Objects as documents of one file; redacted and cut as `jsonFile` does. */
export function yamlFile(path: string, values: readonly unknown[]): ReportFile {
  const documents = values.map((value) =>
    stringify(redactValue(JSON.parse(JSON.stringify(value))), { aliasDuplicateObjects: false }),
  );
  return { path, content: shortened(documents.join('---\n')) };
}

/** What comes last is what happened last. */
function shortened(text: string): string {
  if (text.length <= LONGEST) return text;
  return `(the first ${text.length - LONGEST} characters are left out)\n${text.slice(-LONGEST)}`;
}

function parseJson(text: string): object | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    // A log in JSON is a line each, and no JSON as a whole.
    return undefined;
  }
}
