import { ownSequence } from './own-sequences.ts';
import type { Terminal } from './terminal.ts';

/** What a long command is doing now. On a terminal one line that changes; elsewhere a line for each step. */
export interface Progress {
  /** Says what is being done; the same text again says nothing new. */
  update(text: string): void;
  /** Leaves a line that stays. */
  done(text: string): void;
  /** Clears what is still on the line. */
  stop(): void;
}

/** To the first column, and nothing is left of the line. */
const CLEAR_LINE = ownSequence('1', 'G') + ownSequence('2', 'K');

/** On standard error, so that it is no part of what a command prints. */
export function createProgress(terminal: Terminal): Progress {
  const { stderr, colours } = terminal;
  let shown = '';
  const clear = (): void => {
    if (stderr.isTTY === true && shown !== '') stderr.write(CLEAR_LINE);
    shown = '';
  };
  /** What goes on in the next row would stay there. */
  const inOneRow = (text: string): string => {
    const room = (stderr.columns ?? Number.POSITIVE_INFINITY) - '… '.length - 1;
    return text.length > room ? `${text.slice(0, Math.max(0, room - 1))}…` : text;
  };
  return {
    update(text) {
      if (text === shown) return;
      if (stderr.isTTY === true) stderr.write(`${CLEAR_LINE}${colours.dim(`… ${inOneRow(text)}`)}`);
      shown = text;
    },
    done(text) {
      clear();
      stderr.write(`${colours.green('✓')} ${text}\n`);
    },
    stop: clear,
  };
}
