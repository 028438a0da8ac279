import fc from 'fast-check';
import { test } from 'tap';
import { Fingerprint } from '../../src/xds/index.ts';
import { createResourceIndex } from '../../src/xds/server/snapshot/resource-index.ts';
import { resource } from './support/server-dialogue.ts';

function print(name: string, version: string): Fingerprint {
  const fingerprint = new Fingerprint();
  fingerprint.set(name, version);
  return fingerprint;
}

test('what comes, changes and goes is found as it is now, however many there are', (t) => {
  const step = fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 3 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
      const index = createResourceIndex();
      const truth = new Map<string, ReturnType<typeof resource>>();
      for (const [number, version] of steps) {
        const name = `pod-${number}`;
        const before = truth.get(name);
        if (before !== undefined) index.remove(before);
        truth.delete(name);
        if (version === 0) continue;
        const after = resource(name, String(version));
        index.add(after);
        truth.set(name, after);
      }
      const comparison = index.compare(() => true);
      for (let number = 0; number <= 300; number++) {
        const name = `pod-${number}`;
        for (const version of ['1', '2', '3']) {
          const there = truth.get(name)?.version === version;
          // Every other one is left, to be told.
          if (number % 2 === 0 && comparison.tick(print(name, version)) !== there) return false;
        }
      }
      const left = Array.from(comparison.unticked(), ({ name }) => name).sort();
      const expected = [...truth.keys()].filter((name) => Number(name.slice(4)) % 2 === 1).sort();
      return left.join() === expected.join();
    }),
    { numRuns: 100 },
  );
  t.end();
});

test('what is for somebody else is not ticked off', (t) => {
  const index = createResourceIndex();
  const scoped = { ...resource('a', '1'), audiences: new Set(['node-1']) };
  index.add(scoped);
  t.notOk(index.compare(() => false).tick(print('a', '1')));
  const comparison = index.compare(() => true);
  t.notOk(comparison.isTicked(scoped));
  t.ok(comparison.tick(print('a', '1')));
  t.ok(comparison.isTicked(scoped));
  t.same([...comparison.unticked()], [], 'it is not for everybody');
  t.end();
});

test('a fingerprint is the same of bytes and of texts, and tells where a name ends', (t) => {
  const bytes = Buffer.from('..größe1.0..');
  const of = new Fingerprint();
  of.setBytes(bytes, { start: 2, end: 9 }, { start: 9, end: 12 });
  const same = print('größe', '1.0');
  t.same([of.high, of.low], [same.high, same.low]);
  const seen = new Set<string>();
  for (const [name, version] of [
    ['größe', '1.0'],
    ['größe1', '.0'],
    ['', 'größe1.0'],
    ['größe1.0', ''],
  ] as const) {
    const { high, low } = print(name, version);
    seen.add(`${high} ${low}`);
  }
  t.equal(seen.size, 4);
  t.end();
});
