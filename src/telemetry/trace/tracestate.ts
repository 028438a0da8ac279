/**
 * The one `tracestate` that stands for all that came, in their order (W3C Trace Context §3.3). Undefined when there is nothing
 * in it, or when a part of it is malformed, stands there twice or is one too many: then nobody can tell what it meant, and
 * all of it is dropped (§3.3.1.5, and the test suite of the specification).
 */
export function combineTracestate(values: readonly string[]): string | undefined {
  const members = values.flatMap((value) => value.split(',')).map(trimBlanks);
  const full = members.filter((member) => member !== '');
  if (full.length === 0 || full.length > MOST_MEMBERS) return undefined;
  const keys = new Set<string>();
  for (const member of full) {
    const key = MEMBER.exec(member)?.[1];
    if (key === undefined || keys.has(key)) return undefined;
    keys.add(key);
  }
  return full.join(',');
}

function trimBlanks(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}

const MOST_MEMBERS = 32;
/** §3.3.1.3: a key, or a tenant's in a system's; a value of printable characters that does not end with a blank. */
const MEMBER =
  /^([a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
