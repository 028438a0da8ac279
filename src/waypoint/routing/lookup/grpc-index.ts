import { type NamePart, restHolds } from '../compiled-match.ts';
import type { EntryIndex } from './path-index.ts';
import { compareEntries, type RouteEntry } from './route-entry.ts';

/** Entries of GRPCRoutes, by service and method. */
export function createGrpcIndex(entries: readonly RouteEntry[]): EntryIndex {
  const named = new Map<string, Ranked[]>();
  const regexes: Ranked[] = [];
  for (const [rank, entry] of entries.toSorted(compareEntries).entries()) {
    const { path } = entry.match;
    if (path.kind !== 'grpc') continue;
    const ranked = { rank, entry, service: path.service, method: path.method };
    if (path.service.kind === 'regex' || path.method.kind === 'regex') {
      regexes.push(ranked);
      continue;
    }
    const key = keyOf(path.service.text, path.method.text);
    const list = named.get(key);
    if (list === undefined) named.set(key, [ranked]);
    else list.push(ranked);
  }

  return {
    find(facts) {
      const { service, method } = nameOf(facts.path);
      // Each list is in the order of precedence; the best of their firsts is the best of all.
      let best: Ranked | undefined;
      const offer = (found: Ranked | undefined): void => {
        if (found !== undefined && (best === undefined || found.rank < best.rank)) best = found;
      };
      for (const key of keysOf(service, method))
        offer(named.get(key)?.find(({ entry }) => restHolds(entry.match, facts)));
      offer(
        regexes.find(
          (ranked) =>
            partHolds(ranked.service, service) &&
            partHolds(ranked.method, method) &&
            restHolds(ranked.entry.match, facts),
        ),
      );
      return best?.entry;
    },
  };
}

interface Ranked {
  readonly rank: number;
  readonly entry: RouteEntry;
  readonly service: NamePart;
  readonly method: NamePart;
}

/** `/<service>/<method>`; what has no such form is met by entries that name neither. */
function nameOf(path: string): { readonly service: string; readonly method: string } {
  const slash = path.lastIndexOf('/');
  return slash <= 0
    ? { service: '', method: '' }
    : { service: path.slice(1, slash), method: path.slice(slash + 1) };
}

function keysOf(service: string, method: string): ReadonlySet<string> {
  return new Set([keyOf(service, method), keyOf(service, ''), keyOf('', method), keyOf('', '')]);
}

function keyOf(service: string, method: string): string {
  return `${service}/${method}`;
}

function partHolds(part: NamePart, text: string): boolean {
  return part.kind === 'regex' ? part.pattern.matches(text) : part.text === '' || part.text === text;
}
