import { type ApiObject, ApiStatus, isJson, type Json } from '../api-object.ts';

/** RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJson(patch)) return patch;
  const result: Record<string, unknown> = isJson(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** RFC 6902: add, replace, remove, test. */
export function jsonPatch(target: ApiObject, operations: readonly unknown[]): unknown {
  const root: { value: unknown } = { value: structuredClone(target) };
  for (const operation of operations) {
    if (!isJson(operation) || typeof operation.path !== 'string')
      throw new ApiStatus(400, 'BadRequest', 'not an operation of a JSON patch');
    const keys = ['value', ...operation.path.split('/').slice(1).map(unescapePointer)];
    const last = keys.pop() ?? '';
    const parent = keys.reduce<unknown>(
      (at, key) => (at as Record<string, unknown> | undefined)?.[key],
      root,
    );
    if (typeof parent !== 'object' || parent === null)
      throw new ApiStatus(422, 'Invalid', `the server rejected our request: ${operation.path} is not there`);
    operate(parent as Record<string, unknown>, last, operation);
  }
  return root.value;
}

function operate(parent: Record<string, unknown>, key: string, operation: Json): void {
  const { op, value } = operation;
  if (op === 'test') {
    if (JSON.stringify(parent[key]) !== JSON.stringify(value))
      throw new ApiStatus(422, 'Invalid', `testing value ${String(operation.path)} failed`);
  } else if (op === 'remove') {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete parent[key];
  } else if (Array.isArray(parent) && op === 'add') {
    parent.splice(key === '-' ? parent.length : Number(key), 0, value);
  } else parent[key] = value;
}

function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}
