import { formatTable, printable } from '../terminal/index.ts';

/** One column of a table. */
export interface Column<T> {
  readonly title: string;
  readonly cell: (item: T) => string;
  /** Numbers stand below one another at their right ends. Default `left`. */
  readonly align?: 'right';
  /** Only with `-o wide`. */
  readonly wide?: true;
}

/** A table of the items, two spaces between columns. */
export function tableOf<T>(columns: readonly Column<T>[], items: readonly T[], wide = false): string {
  const shown = columns.filter((column) => wide || column.wide !== true);
  const cells = items.map((item) => shown.map(({ cell }) => printable(cell(item))));
  const widths = shown.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((row) => (row[index] ?? '').length)),
  );
  const align = (row: readonly string[]): readonly string[] =>
    row.map((text, index) =>
      shown[index]?.align === 'right' ? ' '.repeat((widths[index] ?? 0) - text.length) + text : text,
    );
  return formatTable(align(shown.map(({ title }) => title)), cells.map(align), 2);
}
