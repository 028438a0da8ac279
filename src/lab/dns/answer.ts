import { type DnsAnswer, type DnsQuery, type DnsRecord, RECORD_TYPES, RESPONSE_CODES } from './message.ts';
import type { Zone } from './zone.ts';

/** No chain of aliases is followed further than this. */
const LONGEST_CHAIN = 8;

/**
 * NXDOMAIN only where the name does not exist at all; a name without records of the wanted type gets an empty answer,
 * or else resolvers would give up on the other address family too. Names outside the cluster do not exist: a lab has
 * no way out.
 */
export function answerQuery(zone: Zone, query: DnsQuery): DnsAnswer {
  if (query.opcode !== 0) return { code: RESPONSE_CODES.notImplemented, records: [] };
  const records: (DnsRecord & { readonly name: string })[] = [];
  let name = query.name;
  for (let hops = 0; hops < LONGEST_CHAIN; hops++) {
    const found = zone.get(name);
    if (found === undefined) {
      const exists = records.length > 0 || hasDescendant(zone, name);
      return { code: exists ? RESPONSE_CODES.noError : RESPONSE_CODES.nameError, records };
    }
    const current = name;
    records.push(
      ...shuffled(found.filter(({ type }) => RECORD_TYPES[type] === query.type)).map((r) => ({
        ...r,
        name: current,
      })),
    );
    const alias = found.find((record) => record.type === 'CNAME');
    if (alias === undefined || query.type === RECORD_TYPES.CNAME) break;
    records.push({ ...alias, name: current });
    name = alias.target;
  }
  return { code: RESPONSE_CODES.noError, records };
}

/** RFC 8020: a name below which something exists exists itself. */
function hasDescendant(zone: Zone, name: string): boolean {
  const suffix = `.${name}`;
  for (const known of zone.keys()) {
    if (known.endsWith(suffix)) return true;
  }
  return false;
}

/** Clients that take the first address are spread over all of a headless service's pods. */
function shuffled<T>(values: readonly T[]): readonly T[] {
  return values.length < 2
    ? values
    : values
        .map((value) => ({ value, rank: Math.random() }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ value }) => value);
}
