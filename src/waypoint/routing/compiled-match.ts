import type { HttpMatch } from '../../model/index.ts';
import { createPattern, type Pattern } from './pattern.ts';
import type { RequestFacts } from './request-facts.ts';
import { compileValueTests, type ValueTest } from './value-test.ts';

/** A match ready to be tried. The path is looked up first, in an index; the rest is tried here. */
export interface CompiledMatch {
  readonly path: CompiledPath;
  readonly method: string | undefined;
  readonly headers: readonly ValueTest[];
  readonly query: readonly ValueTest[];
}

/** A path as it is compared. */
export type CompiledPath =
  | { readonly kind: 'exact'; readonly value: string }
  /** Without the final slash, so that `/` is empty. */
  | { readonly kind: 'prefix'; readonly value: string }
  | { readonly kind: 'regex'; readonly pattern: Pattern }
  | { readonly kind: 'grpc'; readonly service: NamePart; readonly method: NamePart };

/** A part of a gRPC method's name; `text` is empty where any will do. */
export type NamePart =
  | { readonly kind: 'exact'; readonly text: string }
  | { readonly kind: 'regex'; readonly text: string; readonly pattern: Pattern };

/** Compiled once for each match object, which lives as long as its route is unchanged. Throws WaypointError. */
export function compileMatch(match: HttpMatch): CompiledMatch {
  const known = compiled.get(match);
  if (known !== undefined) return known;
  const fresh: CompiledMatch = {
    path: compilePath(match),
    method: match.method,
    headers: compileValueTests(match.headers),
    query: compileValueTests(match.query),
  };
  compiled.set(match, fresh);
  return fresh;
}

/** Whether all but the path holds. */
export function restHolds(match: CompiledMatch, facts: RequestFacts): boolean {
  if (match.method !== undefined && match.method !== facts.method) return false;
  for (const test of match.headers) {
    const value = facts.header(test.name);
    if (value === undefined || !test.holds(value)) return false;
  }
  for (const test of match.query) {
    const value = facts.query(test.name);
    if (value === undefined || !test.holds(value)) return false;
  }
  return true;
}

/** A prefix as it is compared: its final slash says nothing (Gateway API, PathPrefix). */
export function comparablePrefix(prefix: string): string {
  return prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
}

const compiled = new WeakMap<HttpMatch, CompiledMatch>();

function compilePath({ path }: HttpMatch): CompiledPath {
  switch (path.kind) {
    case 'exact':
      return { kind: 'exact', value: path.value };
    case 'prefix':
      return { kind: 'prefix', value: comparablePrefix(path.value) };
    case 'regex':
      return { kind: 'regex', pattern: createPattern(path.value) };
    case 'grpc':
      return {
        kind: 'grpc',
        service: compileName(path.type, path.service),
        method: compileName(path.type, path.method),
      };
  }
}

function compileName(type: 'exact' | 'regex', text: string | undefined): NamePart {
  // No expression at all is any name, as an exact match without a name is.
  if (text === undefined || text === '') return { kind: 'exact', text: '' };
  return type === 'exact' ? { kind: 'exact', text } : { kind: 'regex', text, pattern: createPattern(text) };
}
