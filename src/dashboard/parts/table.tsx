import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type SortValue, sortRows } from './sort-rows.ts';

/** One column of a table. */
export interface Column<Row> {
  readonly label: string;
  readonly show: (row: Row) => ComponentChildren;
  /** What the column sorts by; a column without it cannot be sorted by. */
  readonly sort?: (row: Row) => SortValue;
  /** Right-aligned, with figures of equal width. Sorts from the largest first. */
  readonly isNumber?: boolean;
  /** Left out where the page is narrow. */
  readonly isExtra?: boolean;
}

interface TableProps<Row> {
  /** What the rows are, for screen readers and the line below. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** Index of the column that it is sorted by at first; as given when absent. */
  readonly sortedBy?: number;
  /** Makes the first cell of each row a button. */
  readonly onOpen?: (row: Row) => void;
  readonly isOpen?: (row: Row) => boolean;
  readonly children?: ComponentChildren;
}

/** A table that sorts by its headings and draws a hundred rows at a time, however many there are. */
export function Table<Row>(props: TableProps<Row>): JSX.Element {
  const { columns, rows, caption } = props;
  const [sorted, setSorted] = useState<{ readonly by: number | undefined; readonly isTurned: boolean }>({
    by: props.sortedBy,
    isTurned: false,
  });
  const [shown, setShown] = useState(ROWS_AT_ONCE);
  const column = sorted.by === undefined ? undefined : columns[sorted.by];
  const direction = directionOf(column, sorted.isTurned);
  const inOrder = column?.sort === undefined ? rows : sortRows(rows, column.sort, direction);
  const sortBy = (index: number): void =>
    setSorted({ by: index, isTurned: sorted.by === index ? !sorted.isTurned : false });
  if (rows.length === 0) return <>{props.children}</>;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="table-frame" aria-label={caption} tabIndex={0}>
        <table>
          <caption class="unseen">{caption}</caption>
          <thead>
            <tr>
              {columns.map((each, index) => (
                <th
                  key={each.label}
                  scope="col"
                  class={classOf(each)}
                  aria-sort={index === sorted.by ? direction : undefined}
                >
                  {each.sort === undefined ? (
                    each.label
                  ) : (
                    <button type="button" class="sort" onClick={() => sortBy(index)}>
                      {each.label}
                      <span aria-hidden="true" class="sort-arrow">
                        {index === sorted.by ? (direction === 'ascending' ? '↑' : '↓') : ''}
                      </span>
                    </button>
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {inOrder.slice(0, shown).map((row) => (
              <TableRow key={props.keyOf(row)} row={row} {...props} />
            ))}
          </tbody>
        </table>
      </section>
      {rows.length > shown && (
        <p class="more">
          {shown} of {rows.length} shown.{' '}
          <button type="button" onClick={() => setShown(shown + ROWS_AT_ONCE)}>
            Show {Math.min(ROWS_AT_ONCE, rows.length - shown)} more
          </button>
        </p>
      )}
    </>
  );
}

function TableRow<Row>({
  row,
  columns,
  onOpen,
  isOpen,
}: { readonly row: Row } & TableProps<Row>): JSX.Element {
  const isSelected = isOpen?.(row) === true;
  return (
    <tr class={isSelected ? 'selected' : undefined}>
      {columns.map((column, index) => {
        const content = column.show(row);
        if (index > 0) {
          return (
            <td key={column.label} class={classOf(column)}>
              {content}
            </td>
          );
        }
        return (
          <th key={column.label} scope="row" class={classOf(column)}>
            {onOpen === undefined ? (
              content
            ) : (
              <button type="button" class="link" aria-expanded={isSelected} onClick={() => onOpen(row)}>
                {content}
              </button>
            )}
          </th>
        );
      })}
    </tr>
  );
}

function directionOf<Row>(column: Column<Row> | undefined, isTurned: boolean): 'ascending' | 'descending' {
  return (column?.isNumber === true) === isTurned ? 'ascending' : 'descending';
}

function classOf<Row>(column: Column<Row>): string | undefined {
  const names = [column.isNumber === true && 'number', column.isExtra === true && 'extra'].filter(Boolean);
  return names.length === 0 ? undefined : names.join(' ');
}

const ROWS_AT_ONCE = 100;
