import { type CompiledPath, type NamePart, restHolds } from '../compiled-match.ts';
import { compareRest, createEntryList, type EntryList } from './entry-list.ts';
import type { EntryIndex } from './path-index.ts';
import type { RouteEntry } from './route-entry.ts';

/**
 * Entries of GRPCRoutes by service and method, given in the order of their routes and rules. What counts is the service, then
 * the method, then the rest (Gateway API, GRPCRouteRule). Names are matched whole, so that of those that hold none is longer:
 * what is left to tell them apart is whether there is one, exact before expressions.
 */
export function createGrpcIndex(entries: readonly RouteEntry[]): EntryIndex {
  const named = new Map<string, RouteEntry[]>();
  const regexes: RouteEntry[] = [];
  for (const entry of entries) {
    const { path } = entry.match;
    if (path.kind !== 'grpc') continue;
    if (path.service.kind === 'regex' || path.method.kind === 'regex') {
      regexes.push(entry);
      continue;
    }
    const key = keyOf(path.service.text, path.method.text);
    const list = named.get(key);
    if (list === undefined) named.set(key, [entry]);
    else list.push(entry);
  }
  regexes.sort(compareEntries);
  const lists = new Map<string, EntryList>([...named].map(([key, list]) => [key, createEntryList(list)]));

  return {
    find(facts) {
      const { service, method } = nameOf(facts.path);
      // Each list has its best first, and no two lists have equals.
      let best = regexes.find(
        ({ match }) => namesHold(match.path, service, method) && restHolds(match, facts),
      );
      for (const key of keysOf(service, method)) {
        const found = lists.get(key)?.find(facts);
        if (found !== undefined && (best === undefined || compareEntries(found, best) < 0)) best = found;
      }
      return best;
    },
  };
}

function compareEntries(a: RouteEntry, b: RouteEntry): number {
  return compareNames(a.match.path, b.match.path) || compareRest(a.match, b.match);
}

function compareNames(a: CompiledPath, b: CompiledPath): number {
  if (a.kind !== 'grpc' || b.kind !== 'grpc') return 0;
  return partRank(a.service) - partRank(b.service) || partRank(a.method) - partRank(b.method);
}

function partRank(part: NamePart): number {
  if (part.text === '') return 2;
  return part.kind === 'exact' ? 0 : 1;
}

/** `/<service>/<method>`; what has no such form is met by entries that name neither. */
function nameOf(path: string): { readonly service: string; readonly method: string } {
  const slash = path.lastIndexOf('/');
  return slash <= 0
    ? { service: '', method: '' }
    : { service: path.slice(1, slash), method: path.slice(slash + 1) };
}

function keysOf(service: string, method: string): readonly string[] {
  return [keyOf(service, method), keyOf(service, ''), keyOf('', method), keyOf('', '')];
}

function keyOf(service: string, method: string): string {
  return `${service}/${method}`;
}

function namesHold(path: CompiledPath, service: string, method: string): boolean {
  return path.kind === 'grpc' && partHolds(path.service, service) && partHolds(path.method, method);
}

function partHolds(part: NamePart, text: string): boolean {
  return part.kind === 'regex' ? part.pattern.matches(text) : part.text === '' || part.text === text;
}
