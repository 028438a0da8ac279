import type { OwnedList, StatusChange, StatusEntry } from '../../../model/index.ts';
import type { Condition } from '../../cluster/objects/index.ts';
import { badRequest, bodyField } from './router.ts';

/** What the body of `/sink/status` asks for; throws ERR_LAB_REQUEST when it is not of that shape. */
export function parseStatusChange(body: unknown): StatusChange {
  const withdrawn = listIn(body, 'withdrawnConditions', '');
  for (const type of withdrawn) {
    if (typeof type !== 'string') throw badRequest('withdrawnConditions: expected a list of types');
  }
  const lists = Object.entries(objectIn(body, 'lists', '')).map(
    ([name, list]) => [name, parseList(list, `lists.${name}.`)] as const,
  );
  return {
    conditions: conditionsIn(body, ''),
    withdrawnConditions: withdrawn as readonly string[],
    lists: Object.fromEntries(lists),
    fields: objectIn(body, 'fields', ''),
  };
}

function parseList(list: unknown, where: string): OwnedList {
  const key = bodyField(list, 'key');
  if (typeof key !== 'string') throw badRequest(`${where}key: expected the name of a member`);
  return {
    owner: objectIn(list, 'owner', where),
    key,
    entries: listIn(list, 'entries', where).map(
      (entry): StatusEntry => ({
        ...(entry as Readonly<Record<string, unknown>>),
        conditions: conditionsIn(entry, `${where}entries[].`),
      }),
    ),
  };
}

function conditionsIn(parent: unknown, where: string): readonly Condition[] {
  return listIn(parent, 'conditions', where).map((condition) => {
    if (typeof bodyField(condition, 'type') === 'string' && STATUSES.has(bodyField(condition, 'status'))) {
      return condition as Condition;
    }
    throw badRequest(`${where}conditions: expected conditions with type and status`);
  });
}

function listIn(parent: unknown, name: string, where: string): readonly unknown[] {
  const list = bodyField(parent, name) ?? [];
  if (!Array.isArray(list)) throw badRequest(`${where}${name}: expected a list`);
  return list;
}

function objectIn(parent: unknown, name: string, where: string): Readonly<Record<string, unknown>> {
  const value = bodyField(parent, name) ?? {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw badRequest(`${where}${name}: expected an object`);
  return value as Readonly<Record<string, unknown>>;
}

const STATUSES: ReadonlySet<unknown> = new Set(['True', 'False', 'Unknown']);
