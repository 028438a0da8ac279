import { PassThrough } from 'node:stream';
import { test } from 'tap';
import {
  createProgress,
  createTerminal,
  formatTable,
  ownSequence,
  printError,
} from '../../src/cli/terminal/index.ts';
import { printData } from '../../src/cli/terminal/print-data.ts';

/** What annotations, reasons, headers and names of foreign objects may hold. */
const HOSTILE = [
  ['a title', '\u001b]0;title\u0007'],
  ['a screen that is cleared', '\u001b[2J\u001b[H'],
  ['a colour that hides', '\u001b[8m'],
  ['a colour with a number of its own', '\u001b[31;123456789m'],
  ['a link to elsewhere', '\u001b]8;;http://elsewhere/\u001b\\here\u001b]8;;\u001b\\'],
  ['a report that is asked for', '\u001b[6n'],
  ['orders of eight bits', '\u009b2J\u0090q\u009c'],
  ['a line that is written over', 'refused\rallowed'],
  ['text that is taken back', 'no\b\byes'],
  ['text that runs the other way', '\u202egpj.exe\u2066'],
  ['text that is not seen', 'a\u200bb\ufeff'],
  ['lines of another kind', 'a\u2028b\u0085c\u000bd'],
] as const;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
const STEERS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what begins a colour.
const COLOURS = /\u001b\[\d+m/g;

function terminalOf(isTTY: boolean, environment: NodeJS.ProcessEnv = {}) {
  const stream = () => Object.assign(new PassThrough(), { isTTY, columns: 80 });
  const [stdout, stderr] = [stream(), stream()];
  const terminal = createTerminal({
    stdin: process.stdin,
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: stderr as unknown as NodeJS.WriteStream,
    environment,
  });
  const said = (): string => `${stdout.read() ?? ''}${stderr.read() ?? ''}`;
  return { terminal, said };
}

test('nothing that others have written steers a terminal, whichever way it gets there', (t) => {
  const { terminal, said } = terminalOf(true);
  const { stdout, stderr, colours } = terminal;
  for (const [what, text] of HOSTILE) {
    const ways: readonly (readonly [string, () => void])[] = [
      ['as it is', () => stdout.write(`${text}\n`)],
      ['as an error', () => printError(terminal, new Error(text))],
      ['as a warning', () => stderr.write(`warning: ${text}\n`)],
      ['in a table', () => stdout.write(formatTable(['NAME', 'REASON'], [['a', text]]))],
      ['in colour', () => stdout.write(colours.red(text))],
      ['in a coloured cell', () => stdout.write(formatTable(['NAME'], [[colours.dim(text)]]))],
      ['as JSON', () => printData(terminal, 'json', { text })],
      ['as YAML', () => printData(terminal, 'yaml', { text })],
      ['in progress', () => createProgress(terminal).done(text)],
    ];
    for (const [way, write] of ways) {
      write();
      const shown = said().replace(COLOURS, '');
      t.notMatch(shown, STEERS, `${what}, ${way}`);
      t.match(shown, /\\u|\\e|\\r|\\b|\\x|\\L|\\N|\\v/, 'it can be seen');
    }
  }
  t.end();
});

test('what is ours is obeyed: colours, a line that changes, a screen', (t) => {
  const { terminal, said } = terminalOf(true);
  const { stdout, colours } = terminal;
  stdout.write(`${colours.red('refused')} ${colours.bold(colours.cyan('a'))}\tb\n`);
  t.equal(said(), '\u001b[31mrefused\u001b[39m \u001b[1m\u001b[36ma\u001b[39m\u001b[22m\tb\n');
  stdout.write(colours.red(`a${colours.green('b')}c`));
  t.equal(said(), '\u001b[31ma\u001b[32mb\u001b[31mc\u001b[39m', 'a colour goes on behind one in it');
  const progress = createProgress(terminal);
  progress.update('waiting');
  t.equal(said(), '\u001b[1G\u001b[2K\u001b[2m… waiting\u001b[22m');
  Object.assign(terminal.stderr, { columns: 20 });
  progress.update('waiting for a text that is longer than the row');
  t.equal(
    said(),
    '\u001b[1G\u001b[2K\u001b[2m… waiting for a te…\u001b[22m',
    'a row, and nothing is left in the next',
  );
  stdout.write(ownSequence('2', 'J'));
  t.equal(said(), '\u001b[2J');
  stdout.write(
    formatTable(
      ['A', 'B'],
      [
        [colours.green('yes'), '1'],
        ['no', '2'],
      ],
    ),
  );
  t.equal(said(), 'A   B\n\u001b[32myes\u001b[39m 1\nno  2\n');
  t.end();
});

test('a pipe gets what was written, and colours where they were asked for', (t) => {
  const { terminal, said } = terminalOf(false, { FORCE_COLOR: '1' });
  terminal.stdout.write(`${terminal.colours.red('a')}\u001b]0;title\u0007\r\n`);
  t.equal(said(), '\u001b[31ma\u001b[39m\u001b]0;title\u0007\r\n');
  const plain = terminalOf(false);
  plain.terminal.stdout.write(plain.terminal.colours.red('a'));
  t.equal(plain.said(), 'a');
  t.end();
});

test('bytes of a program in a pod go through as they are', (t) => {
  const { terminal, said } = terminalOf(true);
  terminal.stdout.write(Buffer.from('\u001b[2J'));
  t.equal(said(), '\u001b[2J');
  t.end();
});
