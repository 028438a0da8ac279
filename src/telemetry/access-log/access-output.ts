import type { LogLevel } from '../../base/index.ts';
import type { TraceContext } from '../trace/index.ts';
import type { MeshLogger } from '../log/index.ts';

/** One record of an access log. */
export interface AccessLine {
  readonly level: LogLevel;
  readonly message: string;
  /** Those that are undefined are left out. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The span that it is about. */
  readonly trace: Pick<TraceContext, 'traceId' | 'spanId' | 'sampled'> | undefined;
}

/** Where an access log goes. Takes at once; what it cannot keep it drops and counts. */
export interface AccessOutput {
  isEnabled(level: LogLevel): boolean;
  write(line: AccessLine): void;
}

/**
 * The process's own log, in its format, with target `access`; silenced by level: `info,access=warn` keeps only failures.
 */
export function logOutput(log: MeshLogger): AccessOutput {
  const access = log.child({ target: 'access' });
  return {
    isEnabled: (level) => access.isEnabled(level),
    write({ level, message, fields }) {
      access[level](message, fields);
    },
  };
}

/** Several at once. */
export function allOutputs(outputs: readonly AccessOutput[]): AccessOutput {
  const [only] = outputs;
  if (outputs.length === 1 && only !== undefined) return only;
  return {
    isEnabled: (level) => outputs.some((output) => output.isEnabled(level)),
    write(line) {
      for (const output of outputs) output.write(line);
    },
  };
}
