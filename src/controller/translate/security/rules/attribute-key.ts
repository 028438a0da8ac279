/** The header that `prefix[name]` means, in lower case; undefined for another key, or a name that no header has. */
export function readHeaderName(key: string, prefix: string): string | undefined {
  const name = readBracketed(key, prefix)?.toLowerCase();
  return name !== undefined && (TOKEN.test(name) || PSEUDO.has(name)) ? name : undefined;
}

/** `[a][b]` is `b` within `a`; brackets that do not come in pairs belong to the name. */
export function readNestedNames(key: string, prefix: string): readonly string[] | undefined {
  const whole = readBracketed(key, prefix);
  if (whole === undefined) return undefined;
  const names = `[${whole}]`.match(NESTED) === null ? [whole] : whole.split('][');
  return names.includes('') ? undefined : names;
}

function readBracketed(key: string, prefix: string): string | undefined {
  if (!key.startsWith(`${prefix}[`) || !key.endsWith(']')) return undefined;
  const name = key.slice(prefix.length + 1, -1);
  return name === '' ? undefined : name;
}

const NESTED = /^(?:\[[^[\]]*\])+$/;
/** RFC 9110 §5.1. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** Not `:path`: who means the path says `paths`, which cannot be slipped past by another spelling. */
const PSEUDO: ReadonlySet<string> = new Set([':method', ':authority']);
