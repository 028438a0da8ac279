type Claims = Readonly<Record<string, unknown>>;

/** The claim of that name; else, since dots lead into nested claims, the one at the end of that way. */
export function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}

/** The claims with texts that are lists of words made lists; the others, and the argument, stay as they are. */
export function withLists(claims: Claims, names: readonly string[]): Claims {
  let result = claims;
  for (const name of names) {
    const text = claimAt(result, name);
    if (typeof text !== 'string') continue;
    const words = text.split(' ').filter((word) => word !== '');
    result = replaced(result, Object.hasOwn(result, name) ? [name] : name.split('.'), words);
  }
  return result;
}

function replaced(claims: Claims, [first = '', ...rest]: readonly string[], value: unknown): Claims {
  const inner = claims[first];
  return { ...claims, [first]: rest.length === 0 || !isObject(inner) ? value : replaced(inner, rest, value) };
}

function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
