import type { FixtureMesh } from './shop-mesh.ts';

/** What names, reasons, headers and messages of others may hold. Where one is executed, `window.executed` is there. */
export const HOSTILE_TEXTS = {
  markup: `"'><img src=x onerror="window.executed=1"><script>window.executed=1</script><b onmouseover=window.executed=1>`,
  'a link that is a script': 'javascript:window.executed=1//',
  'a word without an end': 'w'.repeat(5_000),
  'a sentence without an end': 'go on and '.repeat(800),
  'text that runs the other way': '\u202etxt.exe\u2067\u200f',
  'text of another script': 'שלום עולם مرحبا بالعالم',
  'control characters': 'a\u0000b\u001b[2Jc\u0007d\u009be\rf',
  'marks on marks': `e${'\u0301'.repeat(200)}`,
} as const;

/** Whose values are free texts, or names that somebody else chose. */
const FREE = new Set([
  ...['name', 'hostname', 'message', 'hint', 'rule', 'scope', 'error', 'problem', 'path', 'host', 'subject'],
  ...['policy', 'serves', 'dialled', 'backend', 'identity', 'workload', 'version', 'service', 'waypoint'],
  ...['method', 'route', 'sourceAddress', 'destinationAddress', 'endpoint', 'tunnel', 'what', 'text'],
]);
/** Of these alone `reason` is a sentence, elsewhere one of a few words. */
const SENTENCES = new Set(['proxies', 'ejected']);

/** Stands before what is hostile: a page that shows it has content. */
export const MARK = '~';

/** The mesh with this behind each text of others. Ids stay what they are. */
export function hostileMesh(mesh: FixtureMesh, hostile: string): FixtureMesh {
  const { '/api/v1/info': info, ...rest } = mesh;
  return { '/api/v1/info': info, ...tainted(rest, hostile) };
}

/** The same of any part of it. */
export function tainted<T>(whole: T, hostile: string): T {
  const taint = (value: unknown, key: string, list: string): unknown => {
    if (Array.isArray(value)) return value.map((entry) => taint(entry, key, key));
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(
        Object.entries(value).map(([inner, entry]) => [inner, taint(entry, inner, list)]),
      );
    const free = FREE.has(key) || (key === 'reason' && SENTENCES.has(list));
    return free && typeof value === 'string' && value !== '' ? `${value}${MARK}${hostile}` : value;
  };
  return taint(whole, '', '') as T;
}
