import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { silentLogger } from '../../src/base/index.ts';
import { createStateKeeper, readState, type SavedState } from '../../src/ztunnel/restart/index.ts';
import { ip, makeService, makeWorkload, policyOf, serving, uid, vip } from '../model/mesh-fixtures.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const service = makeService({ name: 'web', addresses: [vip('10.96.0.10')] });
const state: SavedState = {
  node: 'node-1',
  boot: 'b1',
  workloads: [serving(makeWorkload({ name: 'a', addresses: [ip('10.0.0.1')] }), service)],
  services: [service],
  policies: [policyOf({ name: 'p' }, { destinationPorts: [80] })],
  pods: [],
  leaving: [],
  attachments: [],
  memberships: undefined,
  older: new Map([[uid('a'), [7]]]),
  svids: '{}',
  versions: new Map([['type', new Map([['name', 'version']])]]),
};

function fixture(t: { teardown(action: () => void): unknown }) {
  const directory = mkdtempSync(join(tmpdir(), 'ztunnel-state-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const clock = createFakeClock();
  const file = join(directory, 'private', 'state');
  let snapshots = 0;
  const keeper = createStateKeeper({
    file,
    snapshot() {
      snapshots += 1;
      return state;
    },
    clock,
    log: silentLogger,
  });
  return { file, clock, keeper, snapshots: () => snapshots };
}

test('what was saved is read back, from a file that only its owner can read', async (t) => {
  const { file, keeper } = fixture(t);
  keeper.touch();
  await keeper.close();
  t.same(await readState(file, 'node-1'), state);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(await readState(file, 'node-2'), undefined, "another node's state is not ours");
});

test('many changes are one write', async (t) => {
  const { clock, keeper, snapshots } = fixture(t);
  for (let change = 0; change < 100; change++) keeper.touch();
  await clock.advance(1_000);
  t.equal(snapshots(), 1);
  await keeper.close();
  t.equal(snapshots(), 1, 'nothing was left to write');
});

test('a missing file is no state, and one that is open to others or damaged is an error', async (t) => {
  const { file, keeper } = fixture(t);
  t.equal(await readState(file, 'node-1'), undefined);
  keeper.touch();
  await keeper.close();
  chmodSync(file, 0o644);
  await t.rejects(readState(file, 'node-1'), { code: 'ERR_ZTUNNEL_STATE_FILE' });
  chmodSync(file, 0o600);
  writeFileSync(file, readFileSync(file).subarray(0, 50));
  await t.rejects(readState(file, 'node-1'), { code: 'ERR_ZTUNNEL_STATE_FILE' });
});
