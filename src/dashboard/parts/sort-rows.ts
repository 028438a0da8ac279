/** What rows are sorted by: numbers by size, texts by their natural order. */
export type SortValue = string | number | undefined;

/** The rows in order of a value; undefined comes last, whichever the direction. Equal rows keep their order. */
export function sortRows<Row>(
  rows: readonly Row[],
  pick: (row: Row) => SortValue,
  direction: 'ascending' | 'descending',
): readonly Row[] {
  const sign = direction === 'ascending' ? 1 : -1;
  return rows
    .map((row) => ({ row, value: pick(row) }))
    .sort((a, b) => {
      if (a.value === undefined || b.value === undefined)
        return a.value === b.value ? 0 : a.value === undefined ? 1 : -1;
      return sign * compare(a.value, b.value);
    })
    .map(({ row }) => row);
}

/** Rows that have all words of a search in what they say. */
export function searchRows<Row>(
  rows: readonly Row[],
  search: string,
  say: (row: Row) => string,
): readonly Row[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const text = say(row).toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function compare(a: string | number, b: string | number): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : NATURAL.compare(`${a}`, `${b}`);
}

const NATURAL = new Intl.Collator('en', { numeric: true });
