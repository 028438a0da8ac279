import { type JsonObject, listOf, objectOf, textOf } from './json-value.ts';

/**
 * A case whose parts read `{"$expr": "tc.field"}` stands for one case for each row of the test's table of cases: the rows are
 * put in. A field that a row has not is unset there. Any other case is itself.
 */
export function expandRows(json: JsonObject, tables: readonly JsonObject[]): readonly JsonObject[] {
  const fields = unresolvedIn(json).flatMap((text) => rowField(text) ?? []);
  const rows = tables
    .flatMap((table) => listOf(table.rows))
    .map(objectOf)
    .filter((row) => fields.some((field) => field in row));
  if (fields.length === 0 || rows.length === 0) return [json];
  return rows.map((row) => objectOf(substitute(json, row)));
}

/** The expressions that the data did not resolve. */
export function unresolvedIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(unresolvedIn);
  if (typeof value !== 'object' || value === null) return [];
  const expression = textOf(objectOf(value).$expr);
  return expression === undefined ? Object.values(value).flatMap(unresolvedIn) : [expression];
}

function substitute(value: unknown, row: JsonObject): unknown {
  if (Array.isArray(value)) return value.map((one) => substitute(one, row));
  if (typeof value !== 'object' || value === null) return value;
  const field = rowField(textOf(objectOf(value).$expr) ?? '');
  if (field !== undefined) return row[field] ?? null;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, substitute(one, row)]));
}

/** `tc.host` → `host`. */
function rowField(expression: string): string | undefined {
  return /^(?:tc|testCase|test)\.(\w+)$/.exec(expression)?.[1];
}
