import type { KubeObject } from '../../../lab/cluster/objects/index.ts';

// Reading of what nobody has checked, for people to look at: whatever is not there is left out.

/** A member, `undefined` of everything that has none. */
export function field(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (parent, name) =>
      typeof parent === 'object' && parent !== null && Object.hasOwn(parent, name)
        ? (parent as Readonly<Record<string, unknown>>)[name]
        : undefined,
    value,
  );
}

/** Undefined for what is no text. */
export function textField(value: unknown, ...path: readonly string[]): string | undefined {
  const text = field(value, ...path);
  return typeof text === 'string' ? text : undefined;
}

/** Empty for what is no list. */
export function listField(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const list = field(value, ...path);
  return Array.isArray(list) ? list : [];
}

/** The status of a condition in a list of such, `Unknown` when it is not there. */
export function conditionStatus(conditions: readonly unknown[], type: string): string {
  const found = conditions.find((condition) => textField(condition, 'type') === type);
  return textField(found, 'status') ?? 'Unknown';
}

/** What the controller has to say about the object, such as a part of a policy that has no effect. */
export function conditionMessage({ status }: KubeObject): string {
  return listField(status, 'conditions')
    .filter((condition) => textField(condition, 'reason') !== 'Accepted')
    .map((condition) => textField(condition, 'message') ?? '')
    .filter((message) => message !== '')
    .join('; ');
}

/** Of the object, by this machine's clock. */
export function age({ metadata }: KubeObject): string {
  return since(metadata.creationTimestamp);
}

/** `90s`, `5m`, `3h`, `4d`: one unit, the larger the longer ago; never negative. */
export function since(time: string): string {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1_000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
