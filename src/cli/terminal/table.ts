import { stripVTControlCharacters } from 'node:util';

/** Columns as wide as their widest cell, one space between them, nothing after the last: as istioctl prints them. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  gap = 1,
): string {
  const widths = header.map((title, column) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(row[column] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell) + gap))
      .join('')
      .trimEnd();
  return `${[header, ...rows].map(line).join('\n')}\n`;
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

/** What would move the cursor, or hide text, is shown as its code: names and paths come from anybody. */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}
