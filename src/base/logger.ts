/** From the most talkative to the most serious; a logger leaves out what is below its own. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

export const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error'];

/** Values worth a log line. Secrets never are. An error goes under the key `error`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A line is an event's name plus fields, never interpolated text: `log.warn('peer refused', { peer, error })`. */
export interface Logger {
  trace(event: string, fields?: LogFields): void;
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** A logger that adds `fields` to each of its lines. */
  child(fields: LogFields): Logger;
}

/** Says nothing. The default of library code, so that no caller has to bring a logger. */
export const silentLogger: Logger = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: () => silentLogger,
};

function ignore(): void {
  // A silent logger's whole job.
}
