import { InvalidArgumentError, Option } from 'commander';
import type { Terminal } from '../terminal/index.ts';
import { printData } from '../terminal/print-data.ts';
import type { Layout } from './columns.ts';

const FORMATS = ['table', 'wide', 'yaml', 'json'] as const;

/** How a view is printed. */
export type ViewFormat = (typeof FORMATS)[number];

/** `-o`; `wide` is the table with all of its columns. */
export function viewOutputOption(): Option {
  return new Option('-o, --output <format>', 'how to print').choices(FORMATS).default('table');
}

/** `-o` of what goes on line by line, or is nothing but lines. */
export function lineOutputOption(): Option {
  return new Option('-o, --output <format>', 'how to print; json is one object a line')
    .choices(['text', 'json'])
    .default('text');
}

/** Prints `data` for programs, or the text that `table` makes of it for people. */
export function showView(
  terminal: Terminal,
  format: ViewFormat,
  data: unknown,
  table: (layout: Layout) => string,
): void {
  if (format === 'yaml' || format === 'json') printData(terminal, format, data);
  else terminal.stdout.write(table(layoutOf(terminal, format === 'wide')));
}

/** As wide as the terminal; as wide as it takes where there is none. */
export function layoutOf({ stdout }: Terminal, wide: boolean): Layout {
  return { wide, width: stdout.isTTY === true ? stdout.columns : undefined };
}

/** Says, apart from the data, that there is none, and where there would be some: a namespace is soon misspelt. */
export function noteNoneOf(
  { stderr }: Pick<Terminal, 'stderr'>,
  what: string,
  all: readonly { readonly namespace: string }[],
): void {
  const namespaces = [...new Set(all.map(({ namespace }) => namespace))].sort().slice(0, MOST_NAMESPACES);
  stderr.write(
    `${what}${namespaces.length === 0 ? '' : ` (namespaces that it knows: ${namespaces.join(', ')})`}\n`,
  );
}

const MOST_NAMESPACES = 20;

/** Seconds of a window, from a duration such as `5m`. The mesh keeps fifteen minutes. */
export function windowSeconds(text: string): number {
  const match = /^(\d{1,5})(s|m)$/.exec(text);
  const seconds = match === null ? 0 : Number(match[1]) * (match[2] === 'm' ? 60 : 1);
  if (seconds >= 5 && seconds <= 900) return seconds;
  throw new InvalidArgumentError('expected a duration from 5s to 15m, which is how long the mesh remembers');
}

/** `--window`; one minute unless told otherwise. */
export function windowOption(): Option {
  return new Option('-w, --window <duration>', 'over how long numbers are taken, up to 15m')
    .argParser(windowSeconds)
    .default(60, '1m');
}
