import { formatTable, printable } from '../terminal/index.ts';

/** One column of a table. */
export interface Column<T> {
  readonly title: string;
  readonly cell: (item: T) => string;
  /** Numbers stand below one another at their right ends. Default `left`. */
  readonly align?: 'right';
  /** Only with `-o wide`. */
  readonly wide?: true;
  /** Left out where there is no room, the highest first; without it the column always stays. */
  readonly spare?: number;
}

/** The room that a table has. */
export interface Layout {
  /** `-o wide`: every column, whatever room there is. */
  readonly wide: boolean;
  /** Of a terminal, in characters; undefined where nobody watches. */
  readonly width: number | undefined;
}

const EVERYTHING: Layout = { wide: false, width: undefined };
const GAP = 2;

/** A table of the items, two spaces between columns. */
export function tableOf<T>(
  columns: readonly Column<T>[],
  items: readonly T[],
  layout: Layout = EVERYTHING,
): string {
  const measured = columns
    .filter((column) => layout.wide || column.wide !== true)
    .map((column) => {
      const texts = items.map((item) => printable(column.cell(item)));
      return { column, texts, width: Math.max(column.title.length, ...texts.map(({ length }) => length)) };
    });
  const shown = layout.wide || layout.width === undefined ? measured : fitting(measured, layout.width);
  const rowOf = (text: (of: Measured<T>) => string): readonly string[] =>
    shown.map((of) => (of.column.align === 'right' ? text(of).padStart(of.width) : text(of)));
  return formatTable(
    rowOf(({ column }) => column.title),
    items.map((_, index) => rowOf(({ texts }) => texts[index] ?? '')),
    GAP,
  );
}

interface Measured<T> {
  readonly column: Column<T>;
  readonly texts: readonly string[];
  readonly width: number;
}

/** Without as many of the columns that can be spared as it takes, if it takes no more. */
function fitting<T>(columns: readonly Measured<T>[], width: number): readonly Measured<T>[] {
  const needed = columns.reduce((sum, each) => sum + each.width + GAP, -GAP);
  const rank = Math.max(0, ...columns.map(({ column }) => column.spare ?? 0));
  if (needed <= width || rank === 0) return columns;
  return fitting(
    columns.filter(({ column }) => column.spare !== rank),
    width,
  );
}
