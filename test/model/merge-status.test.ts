import { test } from 'tap';
import { mergeStatus, type StatusChange } from '../../src/model/index.ts';
import { parseStatusChange } from '../../src/lab/supervisor/api/status-change.ts';

const BEFORE = '2030-01-01T00:00:00Z';
const NOW = '2030-01-02T00:00:00Z';
const nothing: StatusChange = { conditions: [], withdrawnConditions: [], lists: {}, fields: {} };
const condition = (type: string, status: 'True' | 'False', reason = 'Reason') => ({ type, status, reason });
const stored = (type: string, status: 'True' | 'False', reason?: string) => ({
  ...condition(type, status, reason),
  lastTransitionTime: BEFORE,
});

test('conditions are merged by type, and their time moves with their status alone', async (t) => {
  const present = { phase: 'Running', conditions: [stored('A', 'True'), stored('B', 'True')] };
  const merged = mergeStatus(
    present,
    {
      ...nothing,
      conditions: [condition('C', 'True'), condition('A', 'False'), condition('B', 'True', 'X')],
    },
    NOW,
  );
  t.same(merged, {
    phase: 'Running',
    conditions: [
      { ...condition('A', 'False'), lastTransitionTime: NOW },
      { ...condition('B', 'True', 'X'), lastTransitionTime: BEFORE },
      { ...condition('C', 'True'), lastTransitionTime: NOW },
    ],
  });
  t.same(mergeStatus(present, { ...nothing, withdrawnConditions: ['A', 'Z'] }, NOW), {
    phase: 'Running',
    conditions: [stored('B', 'True')],
  });
});

test('a write that changes nothing gives the same status', async (t) => {
  const entry = { name: 'x', conditions: [stored('A', 'True')] };
  const present = { conditions: [stored('A', 'True')], listeners: [entry], addresses: ['a'] };
  const change = {
    ...nothing,
    conditions: [condition('A', 'True')],
    withdrawnConditions: ['B'],
    lists: {
      listeners: {
        owner: {},
        key: 'name',
        entries: [{ name: 'x', conditions: [condition('A', 'True')] }],
      },
    },
    fields: { addresses: ['a'], other: null },
  };
  t.equal(mergeStatus(present, change, NOW), present);
});

test('a writer replaces its own entries of a list and leaves those of others', async (t) => {
  const entry = (controllerName: string, name: string, conditions: readonly unknown[]) => ({
    parentRef: { name },
    controllerName,
    conditions,
  });
  const other = entry('other', 'a', [stored('Accepted', 'False')]);
  const present = {
    parents: [
      entry('own', 'gone', [stored('Accepted', 'True')]),
      entry('own too', 'gone', [stored('Accepted', 'True')]),
      other,
      entry('own', 'a', [stored('Accepted', 'True'), stored('PartiallyInvalid', 'True')]),
    ],
  };
  const change = parseStatusChange({
    lists: {
      parents: {
        owner: { controllerName: ['own', 'own too'] },
        key: 'parentRef',
        entries: [
          entry('own', 'a', [condition('Accepted', 'True')]),
          entry('own', 'b', [condition('Accepted', 'True')]),
        ],
      },
    },
  });
  t.same(mergeStatus(present, change, NOW), {
    parents: [
      other,
      entry('own', 'a', [stored('Accepted', 'True')]),
      entry('own', 'b', [{ ...condition('Accepted', 'True'), lastTransitionTime: NOW }]),
    ],
  });
});

test('a status of a strange shape is written over where it must be', async (t) => {
  for (const present of [undefined, null, 'x', [], { conditions: 'x' }, { conditions: [null, 1] }]) {
    const merged = mergeStatus(present, { ...nothing, conditions: [condition('A', 'True')] }, NOW);
    t.match(merged, { conditions: { length: Number } });
  }
});

test('a body that asks for nothing readable is refused', async (t) => {
  for (const body of [
    null,
    { conditions: {} },
    { conditions: [{ type: 'A' }] },
    { withdrawnConditions: [1] },
    { lists: [] },
    { lists: { parents: {} } },
    { lists: { parents: { key: 'name', entries: [null] } } },
    { fields: 'x' },
  ]) {
    t.throws(() => parseStatusChange(body), { code: 'ERR_LAB_REQUEST' }, JSON.stringify(body));
  }
});
