// Reads what tap wrote and prints CI's closing line: `node scripts/count-tests.js RESULTS FAILED_STEPS`.
// A skipped test fails CI unless scripts/expected-skips.txt names it, so that nothing is left untested in silence.
import { existsSync, readFileSync } from 'node:fs';

const [resultsPath = '.tap/results.tap', failedSteps = '0'] = process.argv.slice(2);
const lines = existsSync(resultsPath) ? readFileSync(resultsPath, 'utf8').split('\n') : [];
const expected = readFileSync(new URL('expected-skips.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

let passed = 0;
let failed = Number(failedSteps);
for (const [index, line] of lines.entries()) {
  const point = /^\s*(not )?ok \d+ ?-? ?(.*)$/.exec(line);
  if (point === null || closesSubtest(index)) continue;
  const [, not, text = ''] = point;
  const skip = /# SKIP ?(.*)$/i.exec(text);
  if (skip !== null) {
    if (expected.some((name) => text.includes(name))) continue;
    process.stdout.write(`unexpected skip: ${text}\n`);
    failed += 1;
  } else if (not === undefined) passed += 1;
  else {
    process.stdout.write(`failed: ${text}\n`);
    failed += 1;
  }
}
if (passed === 0 && failed === 0) failed = 1;
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

/** A passing line right after a deeper-indented plan sums up a subtest, whose points were counted already. */
function closesSubtest(index) {
  const depth = indentOf(lines[index]);
  for (let before = index - 1; before >= 0; before--) {
    const line = lines[before];
    if (line.trim() === '') continue;
    if (indentOf(line) > depth)
      return /^\s*(not )?ok |^\s*1\.\.|^\s*# /.test(line) && !/^\s*not ok/.test(lines[index]);
    return false;
  }
  return false;
}

function indentOf(line) {
  return line.length - line.trimStart().length;
}
