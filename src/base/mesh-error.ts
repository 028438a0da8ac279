/** Who made the operation fail: the side that called us, the side that we called, or this process and its machine. */
export type Blame = 'downstream' | 'upstream' | 'local';

/** A folder's error codes, each with the one-line meaning that docs/errors.md repeats. */
export type ErrorCodeTable = Readonly<Record<`ERR_${string}`, string>>;

/**
 * What an error says of itself. `blame` decides whose counters it goes to, `retryable` whether another try makes
 * sense.
 */
export interface MeshErrorOptions<Code extends string> {
  readonly code: Code;
  readonly blame: Blame;
  /** What happened, with what was expected and what was got where both are known. Starts in lower case, no final period. */
  readonly message: string;
  /** What an operator can do about it; printed by the CLI and written to logs. */
  readonly hint?: string | undefined;
  /** True only when trying the same thing again (elsewhere or later) may work. Default false. */
  readonly retryable?: boolean | undefined;
  readonly cause?: unknown;
}

/**
 * The base of every error that nodemesh throws on purpose. Each folder has one subclass whose `code` is the closed
 * union of that folder's table, so that a bare log line tells where it came from and what it means.
 */
export class MeshError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly blame: Blame;
  readonly hint: string | undefined;
  readonly retryable: boolean;

  constructor(options: MeshErrorOptions<Code>) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
    this.blame = options.blame;
    this.hint = options.hint;
    this.retryable = options.retryable ?? false;
  }
}

/** Walks the cause chain and returns the first error of the wanted class, so that callers never match on text. */
export function causeOf<T extends Error>(
  error: unknown,
  kind: abstract new (...args: never[]) => T,
): T | undefined {
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    if (current instanceof kind) return current;
  }
  return undefined;
}

/** The operating system's name for a failure (`ECONNREFUSED`), wherever it sits in the cause chain. */
export function errnoOf(error: unknown): string | undefined {
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    const code = (current as NodeJS.ErrnoException).code;
    if (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code)) return code;
  }
  return undefined;
}

/** One line for people: the message, then each cause's, outermost first, without stack traces. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (let current: unknown = error; current !== undefined && current !== null; ) {
    if (!(current instanceof Error)) {
      parts.push(String(current));
      break;
    }
    // An error often quotes its cause, or a cause says the same and goes on; nobody wants to read that twice.
    const { message } = current;
    const before = parts.at(-1);
    if (before !== undefined && message.startsWith(before)) parts[parts.length - 1] = message;
    else if (!parts.some((part) => part.includes(message) || saysErrno(part, current))) parts.push(message);
    current = current.cause;
  }
  return parts.join(': ');
}

/** Whether it names the system call's errno already, of which Node's own sentence has no more than the address again. */
function saysErrno(text: string, error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return syscall !== undefined && code !== undefined && text.includes(code);
}
