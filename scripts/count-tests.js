// Reads what tap wrote and prints CI's closing line: `node scripts/count-tests.js FAILED_STEPS RESULTS [ALONE]`.
// ALONE is what the failed files of RESULTS said when they ran once more, alone: it counts for them, and they are named.
// A skipped test fails CI unless scripts/expected-skips.txt names it, so that nothing is left untested in silence.
import { existsSync, readFileSync } from 'node:fs';

const [failedSteps = '0', resultsPath = '.tap/results.tap', alonePath = ''] = process.argv.slice(2);
const results = read(resultsPath);
const alone = read(alonePath);
const expectedSkips = readFileSync(new URL('expected-skips.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

const skips = [...results.matchAll(/^\s*ok \d+ ?-? ?(.*# SKIP.*)$/gim)].map(([, text]) => text);
const unexpected = skips.filter((text) => !expectedSkips.some((name) => text.includes(name)));
const passed = countOf(results, 'pass');
const failed = countOf(alone === '' ? results : alone, 'fail') + countOf(results, 'todo') + unexpected.length;

for (const line of failuresOf(results))
  process.stdout.write(alone === '' ? `failed: ${line}\n` : `failed beside others: ${line}\n`);
for (const line of failuresOf(alone)) process.stdout.write(`failed alone too: ${line}\n`);
for (const text of unexpected) process.stdout.write(`unexpected skip: ${text}\n`);
// A step that failed without a failing test (lint, types, a crash) is a failure too; no result at all is one as well.
const counted = Math.max(failed, Number(failedSteps), passed === 0 ? 1 : 0);
process.stdout.write(`${passed} passed, ${counted} failed\n`);
process.exitCode = counted === 0 ? 0 : 1;

function read(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function failuresOf(text) {
  return [...text.matchAll(/^\s*not ok .*$/gm)].map(([line]) => line.trim());
}

/** By tap's own count of assertions, its last line but one: `# { total: 3, pass: 2, skip: 1 }`. */
function countOf(text, kind) {
  const summary = text.split('\n').findLast((line) => /^# \{ total: /.test(line)) ?? '';
  return Number(new RegExp(`\\b${kind}: (\\d+)`).exec(summary)?.[1] ?? 0);
}
