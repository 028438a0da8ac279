import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'tap';
import { silentLogger } from '../../src/base/index.ts';
import { createStateKeeper, readState, type SavedState } from '../../src/ztunnel/restart/index.ts';
import { ip, makeService, makeWorkload, policyOf, serving, vip } from '../model/mesh-fixtures.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const service = makeService({ name: 'web', addresses: [vip('10.96.0.10')] });
const state: SavedState = {
  node: 'node-1',
  boot: 'b1',
  workloads: [serving(makeWorkload({ name: 'a', addresses: [ip('10.0.0.1')] }), service)],
  services: [service],
  policies: [policyOf({ name: 'p', action: 'deny' }, { destinationPorts: [80] })],
  pods: [],
  leaving: [],
  attachments: [],
  memberships: undefined,
  older: new Map(),
  svids: '{}',
  versions: new Map([['type', new Map([['name', 'version']])]]),
};

test('a saved state is read back as it was, or not at all: a flipped bit must not soften a policy', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'ztunnel-state-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'private', 'state');
  const keeper = createStateKeeper({
    file,
    snapshot: () => state,
    clock: createFakeClock(),
    log: silentLogger,
  });
  keeper.touch();
  await keeper.close();
  const good = readFileSync(file);
  const changes = fc.array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.integer({ min: 1, max: 255 })), {
    minLength: 1,
    maxLength: 4,
  });
  const damaged = fc.oneof(
    changes.map((places) => {
      const bytes = Buffer.from(good);
      for (const [place, bits] of places) bytes[place] = (bytes[place] ?? 0) ^ bits;
      return bytes;
    }),
    fc.nat({ max: good.length - 1 }).map((length) => good.subarray(0, length)),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => Buffer.concat([good, bytes])),
  );
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(damaged, async (bytes) => {
      if (bytes.equals(good)) return;
      writeFileSync(file, bytes);
      await readState(file, 'node-1').then(
        (got) => {
          throw new Error(`accepted: ${JSON.stringify(got)}`);
        },
        (error: { code?: string }) => {
          if (error.code !== 'ERR_ZTUNNEL_STATE_FILE') throw error;
          refused += 1;
        },
      );
    }),
    { numRuns: 2_000 },
  );
  t.ok(refused > 1_900);
  writeFileSync(file, good);
  t.same(await readState(file, 'node-1'), state);
});
