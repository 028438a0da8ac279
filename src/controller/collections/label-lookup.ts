import type { LabelSelector, PodObject } from '../objects/index.ts';

/** Under which a selector of a namespace is filed: its first pair. Whoever fits the selector has that pair. */
export function selectorSlot(namespace: string, selector: LabelSelector | undefined): string {
  const [first] = selector === undefined ? [] : [...selector].sort(([a], [b]) => (a < b ? -1 : 1));
  return first === undefined ? `${namespace}|` : labelSlot(namespace, first);
}

/** The slots in which selectors that may fit these labels are filed; those without selector are in a slot of their own. */
export function labelSlots(namespace: string, labels: ReadonlyMap<string, string>): readonly string[] {
  return [...labels].map((pair) => labelSlot(namespace, pair));
}

/** The slot of what holds for a whole namespace. */
export function namespaceSlot(namespace: string): string {
  return `${namespace}|`;
}

function labelSlot(namespace: string, [key, value]: readonly [string, string]): string {
  return `${namespace}|${key}=${value}`;
}

/** The same for all pods of a namespace with the same labels. Asked for several times per pod, so kept with it. */
export function labelSetKey(pod: PodObject): string {
  const known = labelSetKeys.get(pod);
  if (known !== undefined) return known;
  const key = JSON.stringify([pod.meta.namespace, ...[...pod.meta.labels].sort()]);
  labelSetKeys.set(pod, key);
  return key;
}

const labelSetKeys = new WeakMap<PodObject, string>();
