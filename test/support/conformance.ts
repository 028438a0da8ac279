import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** Where the conformance data lies: outside the project, so that nobody edits a case to make a test pass. */
const root = resolve(process.env.NODEMESH_CONFORMANCE_DATA ?? '../shared/conformance');

/** The absolute path of one conformance file or folder, named from the data's root. */
export function conformancePath(...parts: string[]): string {
  return resolve(root, ...parts);
}

/**
 * The options of a test that needs the conformance data: empty where it is there, else a loud skip. CI must have the
 * data, so there its absence fails instead.
 */
export function needsConformanceData(): { skip?: string } {
  if (existsSync(root)) return {};
  const reason = `SKIPPED, NOT PASSED: no conformance data at ${root}; set NODEMESH_CONFORMANCE_DATA to its folder`;
  if (process.env.CI === 'true') throw new Error(`CI must have the conformance data: ${reason}`);
  process.stderr.write(`\n*** ${reason}\n\n`);
  return { skip: reason };
}
