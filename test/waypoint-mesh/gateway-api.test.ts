import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'tap';
import { loadConformanceData } from '../conformance/gateway-api/data/index.ts';
import { reasonNotToRun } from '../conformance/gateway-api/move/index.ts';
import { OWN_TESTS } from '../conformance/gateway-api/own/index.ts';
import {
  conformancePage,
  type Outcome,
  testsNamedIn,
} from '../conformance/gateway-api/report/conformance-page.ts';
import { runTest, startConformanceLab } from '../conformance/gateway-api/run/index.ts';
import { needsConformanceData } from '../support/conformance.ts';

const PAGE = 'docs/conformance.md';
/** `NODEMESH_CONFORMANCE_ONLY=Weight,MeshPorts`: the tests whose name holds one of these; the page is then left alone. */
const only = process.env.NODEMESH_CONFORMANCE_ONLY?.split(',') ?? [''];

test('the Gateway API holds in a mesh', { timeout: 900_000, ...needsConformanceData() }, async (t) => {
  const data = loadConformanceData();
  const lab = await startConformanceLab('harness-gateway-api', data.base);
  t.teardown(() => lab.down());
  const outcomes: Outcome[] = [];
  for (const conformanceTest of data.tests.filter(({ name }) => only.some((part) => name.includes(part)))) {
    const own = conformanceTest.manifests.flatMap((file) => data.manifests(file));
    const reason = reasonNotToRun(conformanceTest, [...data.base, ...own]);
    if (reason !== undefined) {
      outcomes.push({ test: conformanceTest, reason });
      continue;
    }
    await t.test(conformanceTest.name, async (t) => {
      const result = await runTest(lab, conformanceTest, { own, base: data.base });
      outcomes.push({ test: conformanceTest, result });
      t.same(result.failures, []);
    });
  }
  const own: Outcome[] = [];
  for (const { test: ownTest, objects } of OWN_TESTS.filter(({ test: { name } }) =>
    only.some((part) => name.includes(part)),
  )) {
    await t.test(ownTest.name, async (t) => {
      const result = await runTest(lab, ownTest, { own: objects, base: data.base });
      own.push({ test: ownTest, result });
      t.same(result.failures, []);
    });
  }
  await t.test('docs/conformance.md says what this run has found', async (t) => {
    const page = conformancePage(outcomes, own);
    if (process.env.NODEMESH_WRITE_CONFORMANCE === '1') writeFileSync(PAGE, page);
    const committed = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '';
    const names = outcomes.map((outcome) => outcome.test.name);
    // Other data than the page was made from: there is nothing to compare.
    if (names.join() === testsNamedIn(committed).join()) t.equal(page, committed);
    else t.comment(`${PAGE} is about other tests than these ${names.length}`);
  });
});
