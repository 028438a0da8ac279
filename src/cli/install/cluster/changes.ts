/** What is another in an object: `spec.template.spec.containers[0].image: "a" → "b"`. What the API server keeps is left out. */
export function changesOf(before: unknown, after: unknown): readonly string[] {
  return differences(before, after, '').filter((line) => !OF_NO_INTEREST.test(line));
}

function differences(before: unknown, after: unknown, path: string): readonly string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (isRecord(before) && isRecord(after))
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) =>
      differences(before[name], after[name], path === '' ? name : `${path}.${name}`),
    );
  if (Array.isArray(before) && Array.isArray(after))
    return Array.from({ length: Math.max(before.length, after.length) }).flatMap((_, index) =>
      differences(before[index], after[index], `${path}[${index}]`),
    );
  return [`${path}: ${shown(before)} → ${shown(after)}`];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

/** What the API server keeps for itself. */
const OF_NO_INTEREST =
  /^(metadata\.(managedFields|resourceVersion|generation|creationTimestamp|annotations\.deprecated\.)|status)\b/;
