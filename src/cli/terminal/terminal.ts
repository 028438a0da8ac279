import pc from 'picocolors';
import { mapOthers, ownStyle, unmarked } from './own-sequences.ts';
import { printableOutput } from './table.ts';

/** Of picocolors; each leaves text as it is where there are to be none. */
export type Colours = ReturnType<typeof pc.createColors>;

/**
 * Where a command reads and writes. Of texts that are written to a terminal only line ends, tabs and what is marked as ours steer it,
 * whoever forgot to make something printable; bytes go as they are, for they are what a program in a pod says.
 */
export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** For standard output; plain where NO_COLOR is set or nobody watches. */
  readonly colours: Colours;
}

/** Colours where standard output is a terminal, but for NO_COLOR and FORCE_COLOR. */
export function createTerminal(options: {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly environment: NodeJS.ProcessEnv;
}): Terminal {
  const { stdin, stdout, stderr, environment } = options;
  const refused = environment.NO_COLOR !== undefined && environment.NO_COLOR !== '';
  const asked = environment.FORCE_COLOR !== undefined && environment.FORCE_COLOR !== '0';
  const coloured = !refused && (asked || (stdout.isTTY === true && environment.TERM !== 'dumb'));
  return {
    stdin,
    stdout: guarded(stdout),
    stderr: guarded(stderr),
    colours: coloured ? ownColours() : pc.createColors(false),
  };
}

/** The stream, but for texts that are written to it. */
function guarded(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  const shown = (text: string): string =>
    stream.isTTY === true ? printableOutput(text) : mapOthers(text, unmarked, (other) => other);
  return new Proxy(stream, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      if (key !== 'write') return value.bind(target);
      return (chunk: unknown, ...rest: readonly unknown[]): unknown =>
        value.call(target, typeof chunk === 'string' ? shown(chunk) : chunk, ...rest);
    },
  });
}

/** Those of picocolors, marked. */
function ownColours(): Colours {
  const plain = pc.createColors(true);
  const styles = Object.entries(plain).map(([name, style]) => {
    if (typeof style !== 'function') return [name, style];
    const [open = '', close = ''] = style('|')
      .split('|')
      .map((sequence: string) => sequence.slice(2, -1));
    return [name, ownStyle(open, close)];
  });
  return { ...plain, ...Object.fromEntries(styles) };
}
