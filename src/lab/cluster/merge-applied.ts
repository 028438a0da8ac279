import { isDeepStrictEqual } from 'node:util';

/**
 * What a server-side apply makes of an object: what the manifest says wins, what only the same writer's earlier one said
 * goes, what others set stays. Lists are values. Pure.
 */
export function mergeApplied(present: unknown, before: unknown, wanted: unknown): unknown {
  if (!isRecord(wanted)) return wanted;
  const own = isRecord(before) ? before : {};
  const merged: Record<string, unknown> = isRecord(present) ? { ...present } : {};
  for (const name of Object.keys(own)) if (!Object.hasOwn(wanted, name)) take(merged, name, own[name]);
  for (const [name, value] of Object.entries(wanted))
    merged[name] = mergeApplied(merged[name], own[name], value);
  return merged;
}

/** Takes back what the writer said, but not what others have put beside it. */
function take(target: Record<string, unknown>, name: string, said: unknown): void {
  const present = target[name];
  if (!isRecord(said) || !isRecord(present)) {
    delete target[name];
    return;
  }
  const rest: Record<string, unknown> = { ...present };
  for (const inner of Object.keys(said)) take(rest, inner, said[inner]);
  if (isDeepStrictEqual(rest, {})) delete target[name];
  else target[name] = rest;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
