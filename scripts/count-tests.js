// Reads what tap wrote and prints CI's closing line: `node scripts/count-tests.js RESULTS FAILED_STEPS`.
// A skipped test fails CI unless scripts/expected-skips.txt names it, so that nothing is left untested in silence.
import { existsSync, readFileSync } from 'node:fs';

const [resultsPath = '.tap/results.tap', failedSteps = '0'] = process.argv.slice(2);
const results = existsSync(resultsPath) ? readFileSync(resultsPath, 'utf8') : '';
const expectedSkips = readFileSync(new URL('expected-skips.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

// tap's own count of assertions, its last line but one: `# { total: 3, pass: 2, skip: 1 }`.
const summary = results.split('\n').findLast((line) => /^# \{ total: /.test(line)) ?? '';
const passed = countOf('pass');
const skips = [...results.matchAll(/^\s*ok \d+ ?-? ?(.*# SKIP.*)$/gim)].map(([, text]) => text);
const unexpected = skips.filter((text) => !expectedSkips.some((name) => text.includes(name)));

for (const [line] of results.matchAll(/^\s*not ok .*$/gm)) process.stdout.write(`failed: ${line.trim()}\n`);
for (const text of unexpected) process.stdout.write(`unexpected skip: ${text}\n`);
// A step that failed without a failing test (lint, types, a crash) is a failure too; no result at all is one as well.
const failed = Math.max(
  countOf('fail') + countOf('todo') + unexpected.length,
  Number(failedSteps),
  passed === 0 ? 1 : 0,
);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

function countOf(kind) {
  return Number(new RegExp(`\\b${kind}: (\\d+)`).exec(summary)?.[1] ?? 0);
}
