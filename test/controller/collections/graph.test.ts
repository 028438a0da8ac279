import { test } from 'tap';
import { createGraph } from '../../../src/controller/collections/index.ts';

test('what was fetched is what is recomputed, and equal results go no further', async (t) => {
  const graph = createGraph((error) => t.error(error));
  const people = graph.store<{ readonly city: string }>();
  const cities = graph.store<{ readonly country: string; readonly size: number }>();
  const runs: string[] = [];
  const countries = graph.derive(people, (fetch, person, key) => {
    runs.push(key);
    const country = fetch.one(cities, person.city)?.country;
    return country === undefined ? [] : [[key, country]];
  });
  const shouts = graph.derive(countries, (_fetch, country, key) => [[key, country.toUpperCase()]]);
  const notices: string[][] = [];
  shouts.changes.subscribe((keys) => notices.push([...keys]));
  people.set('ann', { city: 'rome' });
  people.set('bob', { city: 'oslo' });
  graph.commit();
  t.equal(countries.size, 0);
  cities.set('rome', { country: 'italy', size: 1 });
  graph.commit();
  t.equal(shouts.get('ann'), 'ITALY');
  t.same(runs.splice(0), ['ann', 'bob', 'ann'], 'bob has nothing to do with rome');
  cities.set('rome', { country: 'italy', size: 2 });
  graph.commit();
  t.same(runs.splice(0), ['ann']);
  t.same(notices, [['ann']], 'the size made no difference');
  people.set('ann', { city: 'oslo' });
  graph.commit();
  cities.set('rome', { country: 'italy', size: 3 });
  graph.commit();
  t.same(runs, ['ann'], 'a dependency ends with the value that had it');
  t.equal(shouts.size, 0);
});

test('a transformation that throws keeps what it gave and holds nobody up', async (t) => {
  const errors: string[] = [];
  const graph = createGraph((_error, key) => errors.push(key));
  const numbers = graph.store<number>();
  const halves = graph.derive(numbers, (_fetch, value, key) => {
    if (value % 2 === 1) throw new Error('odd');
    return [[key, value / 2]];
  });
  numbers.set('a', 4);
  numbers.set('b', 6);
  graph.commit();
  numbers.set('a', 5);
  numbers.set('b', 8);
  graph.commit();
  t.same([halves.get('a'), halves.get('b')], [2, 4]);
  t.same(errors, ['a']);
  numbers.set('a', 10);
  graph.commit();
  t.equal(halves.get('a'), 5);
});

test('an index follows its values, and a distinct value lives as long as somebody has it', async (t) => {
  const graph = createGraph((error) => t.error(error));
  const words = graph.store<string>();
  const byLetter = graph.index(words, (word) => [...new Set(word)]);
  const lengths = graph.distinct(
    words,
    (word) => String(word.length),
    (word) => word.length,
  );
  words.set('1', 'ab');
  words.set('2', 'bc');
  graph.commit();
  t.same(byLetter.all('b'), ['ab', 'bc']);
  t.same([...lengths.values()], [2]);
  words.set('1', 'cde');
  graph.commit();
  t.same(byLetter.all('b'), ['bc']);
  t.same([...lengths.values()], [2, 3]);
  words.delete('2');
  graph.commit();
  t.same(byLetter.all('b'), []);
  t.same([...lengths.values()], [3]);
});
