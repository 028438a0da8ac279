import { test } from 'tap';
import { createMetricsRegistry, registerRevocationMetrics } from '../../src/telemetry/index.ts';

test('revocation lists have a time to end as long as there are some, and none else', async (t) => {
  const registry = createMetricsRegistry();
  let untilMs: number | undefined;
  registerRevocationMetrics(registry, () => untilMs);
  const values = async (): Promise<readonly string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith('nodemesh_revocation_lists'));
  t.same(await values(), []);
  untilMs = 5_000;
  t.same(await values(), ['nodemesh_revocation_lists_not_after_seconds 5']);
  untilMs = undefined;
  t.same(await values(), []);
});
