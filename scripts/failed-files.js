// Prints the test files that failed in what tap wrote, one per line: `node scripts/failed-files.js RESULTS`.
// Nothing where more have failed than what a busy machine explains, or where no file did: then the run is not to be had again.
import { existsSync, readFileSync } from 'node:fs';

/** A change that breaks something mostly breaks more. */
const MOST_FILES = 3;

const [resultsPath = '.tap/results.tap'] = process.argv.slice(2);
const results = existsSync(resultsPath) ? readFileSync(resultsPath, 'utf8') : '';
// Files stand at the left margin, the tests in them further to the right.
const files = [...results.matchAll(/^not ok \d+ - (\S+\.test\.ts)\b/gm)].map(([, file]) => file);
if (files.length <= MOST_FILES) for (const file of files) process.stdout.write(`${file}\n`);
