import type { Logger } from '../../base/index.ts';
import type { SourceProblem } from './object-source.ts';

/** Says each problem once, for as long as it lasts. */
export interface ProblemReport {
  /** Takes all problems of this moment. False: they are those of the last time. */
  update(problems: readonly SourceProblem[]): boolean;
}

/** `error` and `notice` are the names of the log lines. */
export function createProblemReport(
  log: Logger,
  names: { readonly error: string; readonly notice: string },
): ProblemReport {
  let reported: ReadonlySet<string> = new Set();
  return {
    update(problems) {
      const told = problems.map((problem) => ({ problem, text: JSON.stringify(problem) }));
      const now = new Set(told.map(({ text }) => text));
      if (now.size === reported.size && [...now].every((text) => reported.has(text))) return false;
      for (const { problem, text } of told) {
        if (reported.has(text)) continue;
        // `message` is the log line's own.
        const { message, ...where } = problem;
        if (problem.severity === 'error') log.warn(names.error, { ...where, problem: message });
        else log.info(names.notice, { ...where, problem: message });
      }
      reported = now;
      return true;
    },
  };
}
