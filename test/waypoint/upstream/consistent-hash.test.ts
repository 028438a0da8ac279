import fc from 'fast-check';
import { test } from 'tap';
import type { HashTable } from '../../../src/model/index.ts';
import { createConsistentHash } from '../../../src/waypoint/upstream/balancing/consistent-hash.ts';
import { createBalancer } from '../../../src/waypoint/upstream/balancing/create-balancer.ts';
import { hashText } from '../../../src/waypoint/upstream/balancing/hashing/hash-text.ts';
import { nextPrime } from '../../../src/waypoint/upstream/balancing/hashing/maglev-table.ts';
import { makePeer, type TestPeer } from '../support/peers.ts';

const TABLES: readonly HashTable[] = [
  { kind: 'maglev', size: 4_093 },
  { kind: 'ring', size: 128 },
];
const KEYS = Array.from({ length: 2_000 }, (_, index) => hashText(`user-${index}`));
const peerLists = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 20 });

for (const table of TABLES) {
  test(`${table.kind}: who gets a key does not depend on the order of the peers`, async (t) => {
    fc.assert(
      fc.property(peerLists, (capacities) => {
        const peers = peersOf(capacities);
        sameOwners(owners(table, peers), owners(table, [...peers].reverse()), 0);
      }),
      { numRuns: 20 },
    );
    t.pass('in any order');
  });

  test(`${table.kind}: keys are shared in proportion to capacity`, async (t) => {
    fc.assert(
      fc.property(peerLists, (capacities) => {
        const peers = peersOf(capacities);
        const total = capacities.reduce((sum, capacity) => sum + capacity, 0);
        const found = owners(table, peers);
        for (const peer of peers) {
          const share = found.filter((owner) => owner === peer.id).length / KEYS.length;
          const due = peer.capacity / total;
          if (Math.abs(share - due) > 0.03 + due * 0.4) throw new Error(`${peer.id}: ${share}, not ${due}`);
        }
      }),
      { numRuns: 20 },
    );
    t.pass('all of them');
  });

  test(`${table.kind}: a peer that goes takes few keys but its own along`, async (t) => {
    fc.assert(
      fc.property(peerLists, fc.nat(), (capacities, which) => {
        const peers = peersOf(capacities);
        const gone = peers[which % peers.length];
        const before = owners(table, peers);
        const after = owners(
          table,
          peers.filter((peer) => peer !== gone),
        );
        const moved = before.filter((owner, index) => owner !== gone?.id && owner !== after[index]).length;
        // A ring moves nobody else's; Maglev some (§5.3 of its paper), and more of them the smaller the table.
        const allowed = table.kind === 'ring' ? 0 : KEYS.length * 0.15;
        if (moved > allowed) throw new Error(`${moved} of ${KEYS.length} moved`);
      }),
      { numRuns: 20 },
    );
    t.pass('as few as they should be');
  });

  test(`${table.kind}: a peer that is left out for a while moves nobody's keys but its own`, async (t) => {
    const peers = peersOf([1, 2, 3, 1]);
    const [out, ...open] = peers;
    const before = owners(table, peers);
    const during = owners(table, open, peers);
    const moved = before.filter((owner, index) => owner !== during[index]);
    t.ok(moved.length > 0);
    t.ok(moved.every((owner) => owner === out?.id));
    t.notOk(during.includes(out?.id ?? ''));
    sameOwners(owners(table, peers), before, 0);
  });
}

test('a request without a key goes where the least is to do', async (t) => {
  const balancer = createBalancer(
    { type: 'consistent-hash', key: { kind: 'source-ip' }, table: { kind: 'maglev', size: 101 } },
    undefined,
  );
  const peers = [makePeer('busy', { active: 10 }), makePeer('idle')];
  const question = { nowMs: 0, random: Math.random, hash: undefined };
  for (let round = 0; round < 20; round++)
    t.equal(balancer.choose({ open: peers, all: peers }, question).id, 'idle');
});

test('hashes are those of MurmurHash3 and spread', async (t) => {
  // Reference values of MurmurHash3_x86_32 over the UTF-16LE bytes of the text.
  t.equal(hashText(''), 0);
  t.equal(hashText('', 1), 0x514e28b7);
  const buckets = new Array<number>(64).fill(0);
  for (const key of KEYS) buckets[key % 64] = (buckets[key % 64] ?? 0) + 1;
  t.ok(Math.max(...buckets) < 2.2 * (KEYS.length / 64), `${Math.max(...buckets)}`);
});

test('a table of any size is made of the next prime', async (t) => {
  t.strictSame([1, 2, 3, 4, 65_536].map(nextPrime), [2, 2, 3, 5, 65_537]);
});

function peersOf(capacities: readonly number[]): TestPeer[] {
  return capacities.map((capacity, index) => makePeer(`peer-${index}`, { capacity }));
}

function owners(table: HashTable, open: readonly TestPeer[], all = open): string[] {
  const otherwise = createBalancer({ type: 'random' }, undefined);
  const balancer = createConsistentHash(table, otherwise);
  return KEYS.map((hash) => balancer.choose({ open, all }, { nowMs: 0, random: Math.random, hash }).id);
}

function sameOwners(left: readonly string[], right: readonly string[], allowed: number): void {
  const different = left.filter((owner, index) => owner !== right[index]).length;
  if (different > allowed) throw new Error(`${different} keys have other owners`);
}
