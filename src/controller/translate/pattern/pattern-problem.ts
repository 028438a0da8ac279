import { RE2JS } from 're2js';
import { patternSize } from './pattern-size.ts';

/** What is wrong with an expression that waypoints are to use; undefined: nothing, it is RE2 and of a decent size. */
export function patternProblem(source: string): string | undefined {
  const size = patternSize(source);
  // Whoever may write a route must not keep the controller busy with it.
  if (size > LARGEST_PATTERN) {
    return `expected a regular expression of at most ${LARGEST_PATTERN} steps, got one of about ${size}`;
  }
  try {
    RE2JS.compile(source);
    return undefined;
  } catch (error) {
    // Whatever it throws, waypoints cannot use the expression either.
    const reason = error instanceof Error ? error.message : String(error);
    return `expected a regular expression in RE2 syntax, got ${JSON.stringify(source)} (${reason})`;
  }
}

/** Compiles within some ten milliseconds. */
const LARGEST_PATTERN = 5_000;
