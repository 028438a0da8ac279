import { compileAccessRules, unknownAttributes } from '../../../telemetry/index.ts';

/** Why no record could be judged by an expression; undefined: they can. */
export function filterProblem(expression: string): string | undefined {
  const compiled = compileAccessRules({ filters: [expression], fields: [] });
  if ('problems' in compiled) return compiled.problems.join('; ');
  // Absent, they would keep every record out of the log without a word.
  const unknown = unknownAttributes(expression);
  return unknown.length === 0 ? undefined : `records have no ${unknown.join(', ')}`;
}
