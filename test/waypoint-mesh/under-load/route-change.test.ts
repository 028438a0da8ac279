import { test } from 'tap';
import { createLabClient } from '../../../src/lab/client/index.ts';
import { httpRoute } from '../support/objects.ts';
import { startProgram } from '../support/program.ts';
import { CLIENTS, SHOP, startWaypointWorld } from '../support/waypoint-world.ts';
import type { RouteWatchReport } from '../programs/load/route-watch.ts';

const CHANGES = 40;

/** A route whose answers say which version of it they went by. */
function version(number: number) {
  return httpRoute(SHOP, 'versioned', 'server', {
    filters: [
      {
        type: 'ResponseHeaderModifier',
        responseHeaderModifier: { set: [{ name: 'x-route', value: String(number) }] },
      },
    ],
    backendRefs: [{ name: 'server', port: 80 }],
  });
}

test('a route that is written holds for requests soon after, and none fails', {
  timeout: 180_000,
}, async (t) => {
  const world = await startWaypointWorld({ name: 'harness-route-change' });
  t.teardown(() => world.lab.down());
  const status = JSON.parse(await world.lab.lab('status', '-o', 'json')) as {
    readonly stateDirectory: string;
  };
  const client = createLabClient(status.stateDirectory);
  const pod = { namespace: CLIENTS, name: 'client-1' };
  const watch = await startProgram(world.lab, pod, 'load/route-watch.ts', world.host, '80');
  const written: number[] = [];
  for (let number = 0; number < CHANGES; number++) {
    await new Promise((settle) => setTimeout(settle, 150));
    written.push(performance.timeOrigin + performance.now());
    await client.apply([version(number) as never]);
  }
  await new Promise((settle) => setTimeout(settle, 1_000));
  const { sent, failures, changes } = JSON.parse(await watch.finish()) as RouteWatchReport;
  t.same(failures, {}, `none of ${sent} requests failed`);
  // Where the machine held everything up, the next version may have overtaken one: it holds as well as its own answer would.
  const seenMs = (version: number): number =>
    changes.find(({ route }) => Number(route) >= version)?.atMs ?? Number.NaN;
  const delays = written.map((atMs, number) => seenMs(number) - atMs).sort((a, b) => a - b);
  t.ok(delays.every(Number.isFinite), 'every version was seen, or the one after it');
  const at = (share: number): string => (delays[Math.floor(share * (delays.length - 1))] ?? 0).toFixed(1);
  t.comment(
    `from the write to the first answer by it: p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, most ${at(1)} ms`,
  );
});
