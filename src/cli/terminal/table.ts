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

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}
