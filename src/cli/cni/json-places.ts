/** Where a value stands in a text. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/**
 * The places of the elements of the array that the outermost object has under `key`; undefined where it has none. `text`
 * must be an object in valid JSON. With a key that is there twice the last one counts, as for a parser.
 */
export function elementPlaces(text: string, key: string): readonly Place[] | undefined {
  const outer = space(text, 0);
  let found: readonly Place[] | undefined;
  let at = space(text, outer + 1);
  while (text[at] === '"') {
    const nameEnd = past(text, at);
    const value = space(text, space(text, nameEnd) + 1);
    if (JSON.parse(text.slice(at, nameEnd)) === key) found = elementsAt(text, value);
    at = space(text, past(text, value));
    if (text[at] === ',') at = space(text, at + 1);
  }
  return found;
}

function elementsAt(text: string, array: number): readonly Place[] | undefined {
  if (text[array] !== '[') return undefined;
  const places: Place[] = [];
  let at = space(text, array + 1);
  while (text[at] !== ']') {
    const end = past(text, at);
    places.push({ start: at, end });
    at = space(text, end);
    if (text[at] === ',') at = space(text, at + 1);
  }
  return places;
}

function space(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at += 1;
  return at;
}

/** The end of the value that begins at `from`. */
function past(text: string, from: number): number {
  let at = from;
  let depth = 0;
  do {
    const character = text.charAt(at);
    if (character === '"') at = pastString(text, at);
    else if (character === '{' || character === '[') {
      depth += 1;
      at += 1;
    } else if (character === '}' || character === ']') {
      depth -= 1;
      at += 1;
    } else if (depth > 0) at += 1;
    else at = pastScalar(text, at);
  } while (depth > 0 && at < text.length);
  return at;
}

function pastString(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function pastScalar(text: string, from: number): number {
  let at = from;
  while (at < text.length && !',]} \t\r\n'.includes(text.charAt(at))) at += 1;
  return at;
}
