import type { Field } from '../../../objects/index.ts';

/** Matches of earlier rules by the beginnings of paths. */
export interface MatchMemory {
  /** The rule with a match that takes all that this one would; only beginnings of paths are compared. */
  cover(match: Field): number | undefined;
  add(match: Field, rule: number): void;
}

/** Of one VirtualService: rules are asked about, then added, in their order. */
export function createMatchMemory(): MatchMemory {
  const byPrefix = new Map<string, { readonly rest: ReadonlyMap<string, string>; readonly rule: number }[]>();
  return {
    cover(match) {
      const prefix = prefixOf(match);
      if (prefix === undefined) return undefined;
      const rest = otherConditions(match);
      for (let length = prefix.length; length >= 0; length--) {
        const wider = byPrefix.get(prefix.slice(0, length))?.find((earlier) => isWithin(earlier.rest, rest));
        if (wider !== undefined) return wider.rule;
      }
      return undefined;
    },
    add(match, rule) {
      const prefix = prefixOf(match);
      if (prefix === undefined) return;
      const entry = { rest: otherConditions(match), rule };
      const found = byPrefix.get(prefix);
      if (found === undefined) byPrefix.set(prefix, [entry]);
      else found.push(entry);
    },
  };
}

/** A match without its name, so that equal matches are equal texts. */
export function matchText(match: Field): string {
  return canonical(
    Object.fromEntries(match.entries().flatMap(([key, { value }]) => (key === 'name' ? [] : [[key, value]]))),
  );
}

function prefixOf(match: Field): string | undefined {
  const prefix = match.key('uri').key('prefix').text();
  return prefix === undefined || prefix.length > LONGEST_PREFIX ? undefined : prefix;
}

function otherConditions(match: Field): ReadonlyMap<string, string> {
  const others = match.entries().filter(([key]) => key !== 'uri' && key !== 'name');
  return new Map(others.map(([key, { value }]) => [key, canonical(value)]));
}

/** Whoever fulfils `all` also fulfils `some`. */
function isWithin(some: ReadonlyMap<string, string>, all: ReadonlyMap<string, string>): boolean {
  for (const [key, value] of some) if (all.get(key) !== value) return false;
  return true;
}

/** JSON with the members of objects in order. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`;
}

/** Every beginning of it is looked up. */
const LONGEST_PREFIX = 1024;
