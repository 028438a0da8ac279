import fc from 'fast-check';
import { test } from 'tap';
import type { LoadBalancer } from '../../../src/model/index.ts';
import type { Balancer, ChoiceQuestion } from '../../../src/waypoint/upstream/balancing/balancer.ts';
import { createBalancer } from '../../../src/waypoint/upstream/balancing/create-balancer.ts';
import { makePeer, seededRandom, type TestPeer } from '../support/peers.ts';

const ALGORITHMS: readonly LoadBalancer[] = [
  { type: 'round-robin' },
  { type: 'random' },
  { type: 'least-request', choices: 2 },
  { type: 'least-request', choices: 5 },
  { type: 'peak-ewma', decayMs: 10_000 },
  hashing('maglev', 1_021),
  hashing('ring', 128),
];

const capacities = fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 1, maxLength: 12 });

test('every algorithm chooses one of those that are open', async (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom(...ALGORITHMS),
      capacities,
      fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
      fc.integer(),
      (algorithm, weights, left, seed) => {
        const all = peersOf(weights);
        const some = all.filter((_peer, index) => left[index]);
        const open = some.length === 0 || some.length === all.length ? all : some;
        const balancer = createBalancer(algorithm, undefined);
        const random = seededRandom(seed);
        for (let round = 0; round < 20; round++) {
          const hash = round % 3 === 0 ? undefined : (seed * round) >>> 0;
          const chosen = balancer.choose({ open, all }, { nowMs: round, random, hash });
          if (!open.includes(chosen)) throw new Error(`${chosen.id} is not open`);
        }
      },
    ),
  );
  t.pass('all of them');
});

test('at rest every peer gets requests in proportion to its capacity', async (t) => {
  for (const algorithm of ALGORITHMS) {
    if (algorithm.type === 'consistent-hash') continue;
    fc.assert(
      fc.property(capacities, fc.integer(), (weights, seed) => {
        const peers = peersOf(weights);
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const rounds = 400 * peers.length;
        const counts = count(createBalancer(algorithm, undefined), peers, rounds, seed);
        for (const [index, peer] of peers.entries()) {
          const share = (weights[index] ?? 0) / total;
          const got = (counts.get(peer.id) ?? 0) / rounds;
          // Five standard deviations, and the bias that two choices have towards neither.
          const slack = 5 * Math.sqrt((share * (1 - share)) / rounds) + 0.001;
          if (
            Math.abs(got - share) >
            slack * (algorithm.type === 'least-request' ? 3 : 1) + biasOf(algorithm)
          )
            throw new Error(`${algorithm.type}: ${got} instead of ${share} of ${weights}`);
        }
      }),
      { numRuns: 40 },
    );
  }
  t.pass('all of them');
});

test('round robin gives exact shares, and never the same one twice where others are due', async (t) => {
  const peers = peersOf([5, 1, 1]);
  const order = names(createBalancer({ type: 'round-robin' }, undefined), peers, 14);
  t.equal(order.filter((name) => name === 'p0').length, 10);
  t.equal(order.filter((name) => name === 'p1').length, 2);
  const equal = names(createBalancer({ type: 'round-robin' }, undefined), peersOf([1, 1, 1]), 9);
  for (let index = 3; index < equal.length; index++) t.equal(equal[index], equal[index - 3]);
});

test('round robin goes on where it was when peers come and go', async (t) => {
  const balancer = createBalancer({ type: 'round-robin' }, undefined);
  const peers = peersOf([1, 1, 1, 1]);
  names(balancer, peers, 6);
  const fewer = peers.slice(0, 3);
  const order = names(balancer, fewer, 90);
  for (const peer of fewer) {
    const times = order.filter((name) => name === peer.id).length;
    t.ok(Math.abs(times - 30) <= 1, `${peer.id} ${times} times`);
  }
});

test('least request takes the less loaded of two, by capacity', async (t) => {
  const balancer = createBalancer({ type: 'least-request', choices: 2 }, undefined);
  const [light, heavy] = [makePeer('light', { active: 3 }), makePeer('heavy', { active: 5, capacity: 2 })];
  t.strictSame([...count(balancer, [light, heavy], 100, 1).keys()], ['heavy']);
  heavy.active = 7;
  t.strictSame([...count(balancer, [light, heavy], 100, 1).keys()], ['light']);
});

test('least request spreads a burst evenly although nothing is answered', async (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 20 }), fc.integer(), (size, seed) => {
      const peers = peersOf(Array.from({ length: size }, () => 1));
      const balancer = createBalancer({ type: 'least-request', choices: 2 }, undefined);
      const random = seededRandom(seed);
      for (let round = 0; round < size * 50; round++)
        balancer.choose({ open: peers, all: peers }, { nowMs: 0, random, hash: undefined }).active += 1;
      const loads = peers.map(({ active }) => active);
      // Two choices keep the largest load within log log n of the mean (Mitzenmacher 2001).
      if (Math.max(...loads) > 50 + 10) throw new Error(`loads ${loads}`);
    }),
    { numRuns: 30 },
  );
  t.pass('no load is far above the mean');
});

test('peak EWMA leaves the slow one alone, until its memory fades', async (t) => {
  const balancer = createBalancer({ type: 'peak-ewma', decayMs: 1_000 }, undefined);
  const [fast, slow] = [makePeer('fast'), makePeer('slow')];
  for (let ms = 0; ms < 50; ms += 10) {
    fast.latency.observe(2, ms, 1_000);
    slow.latency.observe(200, ms, 1_000);
  }
  t.strictSame([...count(balancer, [fast, slow], 100, 1, 50).keys()], ['fast']);
  fast.active = 120;
  t.strictSame([...count(balancer, [fast, slow], 100, 1, 50).keys()], ['slow'], 'load counts as well');
  fast.active = 0;
  t.equal(count(balancer, [fast, slow], 100, 1, 60_000).size, 2, 'after a minute both are as good');
});

test('a slower answer counts at once, a faster one bit by bit', async (t) => {
  const { latency } = makePeer('a');
  latency.observe(10, 0, 1_000);
  latency.observe(100, 100, 1_000);
  t.equal(latency.at(100, 1_000), 100);
  latency.observe(10, 200, 1_000);
  t.ok(latency.at(200, 1_000) > 85 && latency.at(200, 1_000) < 100, `${latency.at(200, 1_000)}`);
  t.ok(Math.abs(latency.at(1_200, 1_000) - latency.at(200, 1_000) / 2) < 1e-9, 'half is forgotten');
});

test('an endpoint that has just come grows into its share', async (t) => {
  const slowStart = { windowMs: 10_000, aggression: 1, minimumPercent: 10 };
  const old = makePeer('old');
  const young = makePeer('young', { sinceMs: 0 });
  const shareAt = (nowMs: number, start = slowStart): number => {
    const balancer = createBalancer({ type: 'random' }, start);
    return (count(balancer, [old, young], 4_000, 7, nowMs).get('young') ?? 0) / 4_000;
  };
  t.ok(Math.abs(shareAt(0) - 0.1 / 1.1) < 0.03, 'begins at the minimum');
  t.ok(Math.abs(shareAt(5_000) - 0.5 / 1.5) < 0.03, 'half the weight after half the time');
  t.ok(Math.abs(shareAt(10_000) - 0.5) < 0.03, 'then as much as all');
  t.ok(shareAt(2_500, { ...slowStart, aggression: 2 }) > shareAt(2_500), 'aggression is for the impatient');
});

function peersOf(weights: readonly number[]): TestPeer[] {
  return weights.map((capacity, index) => makePeer(`p${index}`, { capacity }));
}

function question(over: Partial<ChoiceQuestion> = {}): ChoiceQuestion {
  return { nowMs: 0, random: Math.random, hash: undefined, ...over };
}

function names(balancer: Balancer, peers: readonly TestPeer[], rounds: number): string[] {
  return Array.from({ length: rounds }, () => balancer.choose({ open: peers, all: peers }, question()).id);
}

function count(
  balancer: Balancer,
  peers: readonly TestPeer[],
  rounds: number,
  seed: number,
  nowMs = 0,
): ReadonlyMap<string, number> {
  const random = seededRandom(seed);
  const counts = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    const { id } = balancer.choose({ open: peers, all: peers }, question({ random, nowMs }));
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** Peak EWMA compares requests with weights even at rest. */
function biasOf(algorithm: LoadBalancer): number {
  return algorithm.type === 'peak-ewma' ? 0.005 : 0;
}

function hashing(kind: 'maglev' | 'ring', size: number): LoadBalancer {
  return { type: 'consistent-hash', key: { kind: 'source-ip' }, table: { kind, size } };
}
