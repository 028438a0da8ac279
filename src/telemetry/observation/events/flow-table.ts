import { RecentFew } from '../../../base/index.ts';
import { type FlowRecord, type FlowRequest, KEPT_MS, type TrafficEnd } from '../../../model/index.ts';
import type { Sequenced } from './event-log.ts';
import { Queue } from './queue.ts';
import { clientOf, shareOf } from './shares.ts';

/**
 * What was asked for, alike counted together; those that were not asked for the longest go when there are too many: of a client, or
 * another proxy, that has a quarter of all, its own.
 */
export interface FlowTable {
  readonly size: number;
  /** Counts one more of the kind. */
  note(
    alike: Omit<FlowRecord, 'firstMs' | 'lastMs' | 'count' | 'proxy'>,
    seen: { readonly proxy: string; readonly atMs: number; readonly sequence: number },
  ): void;
  /** Takes the place of what its proxy said of the same kind before. */
  replace(flow: FlowRecord, nowMs: number, sequence: number): void;
  newestFirst(): readonly FlowRecord[];
  /** Those that changed after `sequence`, ascending. */
  since(sequence: number, most: number): readonly Sequenced<FlowRecord>[];
}

/** What is alike in all that a record stands for. */
type Alike = Omit<FlowRecord, 'firstMs' | 'lastMs' | 'count'>;

interface Kept {
  readonly key: string;
  readonly alike: Omit<Alike, 'proxy'>;
  readonly proxy: string;
  readonly share: Share;
  firstMs: number;
  lastMs: number;
  count: number;
  sequence: number;
  /** What its sequence was when it got its place among all, and in its share. */
  placedAs: number;
  placedInShareAs: number;
  gone: boolean;
}

/** What there is of one client, or of one other proxy. */
interface Share {
  readonly of: string;
  readonly queue: Queue<Kept>;
  count: number;
}

/** `capacity`: distinct flows that are kept. */
export function createFlowTable(capacity: number): FlowTable {
  const byKey = new Map<string, Kept>();
  /** In the order of their last change, but for those that changed after they got their place. */
  const all = newQueue();
  const shares = new Map<string, Share>();
  const mostOfOne = shareOf(capacity);
  /** By the client's end, so that each has its own few. */
  const recent = new WeakMap<TrafficEnd, RecentFew<Kept>>();

  const drop = (kept: Kept): void => {
    kept.gone = true;
    byKey.delete(kept.key);
    kept.share.count -= 1;
    if (kept.share.count === 0) shares.delete(kept.share.of);
  };

  /** Those that changed since they got their place get one behind all others first. */
  const oldestOf = (queue: Queue<Kept>, place: 'placedAs' | 'placedInShareAs'): Kept | undefined => {
    for (;;) {
      const first = queue.first();
      if (first === undefined || first[place] === first.sequence) return first;
      queue.shift();
      first[place] = first.sequence;
      queue.push(first);
    }
  };

  /** Only what is new asks for room: what is there already need not be moved for each connection and request. */
  const put = (
    made: Omit<Kept, 'share' | 'placedAs' | 'placedInShareAs' | 'gone'>,
    of: string,
    nowMs: number,
  ) => {
    const before = byKey.get(made.key);
    if (before !== undefined) drop(before);
    const own = shares.get(of);
    if (byKey.size >= capacity && own !== undefined && own.count >= mostOfOne) {
      const oldest = oldestOf(own.queue, 'placedInShareAs');
      if (oldest !== undefined) drop(oldest);
    }
    for (;;) {
      const oldest = oldestOf(all, 'placedAs');
      if (oldest === undefined || (byKey.size < capacity && oldest.lastMs >= nowMs - KEPT_MS)) break;
      drop(oldest);
    }
    const share = shares.get(of) ?? { of, queue: newQueue(), count: 0 };
    const { sequence } = made;
    const kept: Kept = { ...made, share, placedAs: sequence, placedInShareAs: sequence, gone: false };
    shares.set(of, share);
    share.count += 1;
    share.queue.push(kept);
    all.push(kept);
    byKey.set(kept.key, kept);
    return kept;
  };

  const known = (alike: Omit<Alike, 'proxy'>, proxy: string): Kept | undefined => {
    const asked = recent.get(alike.source)?.find((one) => one.proxy === proxy && isAlike(one.alike, alike));
    return asked?.gone === false ? asked : undefined;
  };

  const remember = (kept: Kept): void => {
    let few = recent.get(kept.alike.source);
    if (few === undefined) {
      few = new RecentFew();
      recent.set(kept.alike.source, few);
    }
    few.add(kept);
  };

  return {
    get size() {
      return byKey.size;
    },
    note(alike, { proxy, atMs, sequence }) {
      let kept = known(alike, proxy);
      if (kept === undefined) {
        const key = flowKey(alike, proxy);
        kept = byKey.get(key);
        if (kept === undefined) {
          const times = { firstMs: atMs, lastMs: atMs };
          kept = put({ key, alike, proxy, ...times, count: 0, sequence }, clientOf(alike.source), atMs);
        }
        remember(kept);
      }
      kept.count += 1;
      kept.lastMs = atMs;
      kept.sequence = sequence;
    },
    replace(flow, nowMs, sequence) {
      const { proxy, firstMs, lastMs, count } = flow;
      const key = flowKey(flow, proxy);
      put({ key, alike: flow, proxy, firstMs, lastMs, count, sequence }, proxy, nowMs);
    },
    newestFirst: () => [...byKey.values()].sort((a, b) => b.sequence - a.sequence).map(recordOf),
    since: (sequence, most) =>
      [...byKey.values()]
        .filter((kept) => kept.sequence > sequence)
        .sort((a, b) => a.sequence - b.sequence)
        .slice(0, most)
        .map((kept) => ({ sequence: kept.sequence, item: recordOf(kept) })),
  };
}

function newQueue(): Queue<Kept> {
  return new Queue(({ gone }) => gone);
}

/** As their keys would say. Of objects that are not the same that is not known, and then they are not. */
function isAlike(one: Omit<Alike, 'proxy'>, other: Omit<Alike, 'proxy'>): boolean {
  return (
    one.source === other.source &&
    one.destination === other.destination &&
    one.service === other.service &&
    one.destinationPort === other.destinationPort &&
    one.sourceAddress === other.sourceAddress &&
    one.destinationAddress === other.destinationAddress &&
    one.verdict === other.verdict &&
    one.policy === other.policy &&
    one.mutualTls === other.mutualTls &&
    one.waypoint === other.waypoint &&
    one.reporter === other.reporter &&
    isAlikeRequest(one.request, other.request)
  );
}

function isAlikeRequest(one: FlowRequest | undefined, other: FlowRequest | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (
    one.path === other.path &&
    one.status === other.status &&
    one.method === other.method &&
    one.host === other.host &&
    one.tokenPrincipal === other.tokenPrincipal &&
    one.headers === other.headers &&
    one.claims === other.claims
  );
}

function recordOf({ alike, proxy, firstMs, lastMs, count }: Kept): FlowRecord {
  return { ...alike, proxy, firstMs, lastMs, count };
}

/** Equal for what policies cannot tell apart. Made for each connection and request, so of strings that are there already. */
function flowKey(flow: Omit<Alike, 'proxy'>, proxy: string): string {
  const { service, request } = flow;
  const dialled = service === undefined ? '' : `${service.namespace}/${service.name}:${service.port}`;
  const ends = `${endKey(flow.source)}\n${flow.sourceAddress}\n${endKey(flow.destination)}\n${flow.destinationAddress}`;
  const l4 = `${proxy}\n${flow.reporter}\n${ends}\n${flow.destinationPort}\n${dialled}\n${flow.mutualTls}\n${flow.waypoint}\n${flow.verdict}\n${flow.policy}`;
  return request === undefined ? l4 : `${l4}\n${requestKey(request)}`;
}

function endKey({ namespace, workload, identity }: TrafficEnd): string {
  return `${namespace}/${workload}/${identity}`;
}

/** The status is not among what a policy sees, but tells what became of it. */
function requestKey({ method, host, path, status, tokenPrincipal, headers, claims }: FlowRequest): string {
  const kept = `${hasAny(headers) ? JSON.stringify(headers) : ''}\n${hasAny(claims) ? JSON.stringify(claims) : ''}`;
  return `${method}\n${host}\n${path}\n${status}\n${tokenPrincipal}\n${kept}`;
}

function hasAny(fields: Readonly<Record<string, string>>): boolean {
  for (const name in fields) if (Object.hasOwn(fields, name)) return true;
  return false;
}
