import { stripVTControlCharacters } from 'node:util';
import { mapOthers, unmarked } from './own-sequences.ts';

/** Columns as wide as their widest cell, one space between them, nothing after the last: as istioctl prints them. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  gap = 1,
): string {
  const cells = rows.map((row) => row.map(printableColoured));
  const widths = header.map((title, column) =>
    Math.max(widthOf(title), ...cells.map((row) => widthOf(row[column] ?? ''))),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell) + gap))
      .join('')
      .trimEnd();
  return `${[header, ...cells].map(line).join('\n')}\n`;
}

/** A row whose cells have several lines, as rows of a table: the lines stand below one another. None is wider than `widest`. */
export function cellLines(
  cells: readonly (readonly string[])[],
  widest: number,
): readonly (readonly string[])[] {
  const wrapped = cells.map((lines) => lines.flatMap((line) => wrap(printable(line), widest)));
  const height = Math.max(1, ...wrapped.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => wrapped.map((lines) => lines[line] ?? ''));
}

/** At spaces where there are some, else behind what parts a name or a list. What goes on is indented. */
function wrap(text: string, widest: number): readonly string[] {
  if (text.length <= widest) return [text];
  const least = widest / 3;
  const space = text.lastIndexOf(' ', widest);
  const parted = Math.max(...[',', '/', '.', '|'].map((sign) => text.lastIndexOf(sign, widest - 1) + 1));
  const end = space > least ? space : parted > least ? parted : widest;
  return [text.slice(0, end), ...wrap(`  ${text.slice(end).trimStart()}`, widest)];
}

/** What would move the cursor, or hide or turn text, is shown as its code: names and paths come from anybody. */
export function printable(text: string): string {
  return text.replace(HIDDEN, codesOf);
}

/** The same of a text that may have several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** The same of a text that may have lines, tabs, and colours of ours. */
export function printableOutput(text: string): string {
  return mapOthers(text, unmarked, (other) => other.replace(HIDDEN_IN_OUTPUT, codesOf));
}

function printableColoured(text: string): string {
  return mapOthers(text, (own) => own, printable);
}

function codesOf(text: string): string {
  return Array.from(
    { length: text.length },
    (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}

const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const HIDDEN_IN_OUTPUT = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
