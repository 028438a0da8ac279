import pc from 'picocolors';

export type Colours = ReturnType<typeof pc.createColors>;

/** Where a command reads and writes. */
export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** For standard output; plain where NO_COLOR is set or nobody watches. */
  readonly colours: Colours;
}

export function createTerminal(options: {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly environment: NodeJS.ProcessEnv;
}): Terminal {
  const { stdin, stdout, stderr, environment } = options;
  const refused = environment.NO_COLOR !== undefined && environment.NO_COLOR !== '';
  const asked = environment.FORCE_COLOR !== undefined && environment.FORCE_COLOR !== '0';
  const colours = pc.createColors(
    !refused && (asked || (stdout.isTTY === true && environment.TERM !== 'dumb')),
  );
  return { stdin, stdout, stderr, colours };
}
