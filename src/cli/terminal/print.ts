import { describeError, MeshError } from '../../base/index.ts';
import { printableLines } from './table.ts';
import type { Terminal } from './terminal.ts';

/** For people, or for programs. */
export type OutputFormat = 'table' | 'yaml' | 'json';

export const OUTPUT_FORMATS: readonly OutputFormat[] = ['table', 'yaml', 'json'];

/**
 * Prints what another program has said, with a line end. To a pipe as it came; on a terminal it must not move the cursor or set
 * anything: what answers for a part of the mesh may be a pod that only looks like it.
 */
export function printForeign({ stdout }: Pick<Terminal, 'stdout'>, text: string): void {
  const shown = stdout.isTTY === true ? text.split('\t').map(printableLines).join('\t') : text;
  stdout.write(shown.endsWith('\n') ? shown : `${shown}\n`);
}

/** What went wrong, what can be done about it, and the code that docs/errors.md explains. */
export function printError(terminal: Terminal, error: unknown): void {
  const { stderr, colours } = terminal;
  stderr.write(`${colours.red('error:')} ${printableLines(describeError(error))}\n`);
  if (!(error instanceof MeshError)) {
    if (error instanceof Error && error.stack !== undefined)
      stderr.write(`${colours.dim(printableLines(error.stack))}\n`);
    return;
  }
  if (error.hint !== undefined) stderr.write(`${colours.cyan('hint:')}  ${printableLines(error.hint)}\n`);
  stderr.write(`${colours.dim(`(${error.code})`)}\n`);
}
