import { RE2JS } from 're2js';

/** What is wrong with an expression that waypoints are to use; undefined: nothing, it is RE2. */
export function patternProblem(source: string): string | undefined {
  try {
    RE2JS.compile(source);
    return undefined;
  } catch (error) {
    // Whatever it throws, waypoints cannot use the expression either.
    const reason = error instanceof Error ? error.message : String(error);
    return `expected a regular expression in RE2 syntax, got ${JSON.stringify(source)} (${reason})`;
  }
}
