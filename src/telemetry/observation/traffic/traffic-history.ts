import { KEPT_MS, SLOT_MS, type TrafficEdge, type TrafficSlot } from '../../../model/index.ts';
import { createEdgeTable, type KnownEdge } from './edge-table.ts';
import { Tally } from './tally.ts';

/** All that one edge had within some time. */
export interface EdgeTally {
  readonly edge: TrafficEdge;
  readonly tally: Tally;
}

/** What was counted, by time and edge, in bounded memory: the oldest goes when there is too much. */
export interface TrafficHistory {
  readonly edges: number;
  readonly tallies: number;
  /** Start of the oldest slot; undefined when nothing was counted. */
  readonly oldestMs: number | undefined;
  /** Where to count now. */
  tally(edge: TrafficEdge, nowMs: number): Tally;
  /**
   * Adds counts of another time, and of another process, `reportedBy`. False when that time is not kept, or that process has
   * its share already.
   */
  ingest(slot: TrafficSlot, nowMs: number, reportedBy?: string): boolean;
  /** Sums of the slots that start within [fromMs, toMs). */
  sums(fromMs: number, toMs: number): readonly EdgeTally[];
  /** Each of the slots that start within [fromMs, toMs), oldest first. */
  slots(fromMs: number, toMs: number): readonly TimeSlot[];
  /** Nothing is added to what was counted until now: what comes counts as later. */
  seal(): void;
  /** Slots that nothing will be added to, in ascending order of their sequence numbers, from after `sequence`. */
  closedSince(sequence: number, most: number, nowMs: number): readonly ClosedSlot[];
}

/** What was counted in one slot of time, by edge. */
export interface TimeSlot {
  readonly startMs: number;
  readonly tallies: ReadonlyMap<KnownEdge, Tally>;
}

/** What one edge had in a slot that is over, with its place in the order of all that was observed. */
export interface ClosedSlot {
  readonly sequence: number;
  readonly item: TrafficSlot;
}

interface OwnSlot extends TimeSlot {
  readonly tallies: Map<KnownEdge, Tally>;
  /** The sequence number of the first of its tallies; 0 while it is open. */
  closedAs: number;
}

/** Beyond these the oldest slots go, or edges are counted together. */
export interface HistoryLimits {
  /** Distinct edges. */
  readonly edges: number;
  /** Edges times slots. */
  readonly tallies: number;
}

/** Start of the slot that a time is in. */
export function slotStart(atMs: number): number {
  return Math.floor(atMs / SLOT_MS) * SLOT_MS;
}

/** `nextSequence` hands out `count` numbers in a row and returns the first. */
export function createTrafficHistory(
  limits: HistoryLimits,
  nextSequence: (count: number) => number,
): TrafficHistory {
  const table = createEdgeTable(limits.edges);
  /** Ascending by start. */
  const slots: OwnSlot[] = [];
  let tallies = 0;

  const dropOldest = (): void => {
    const oldest = slots.shift();
    if (oldest === undefined) return;
    for (const entry of oldest.tallies.keys()) table.release(entry);
    tallies -= oldest.tallies.size;
  };

  const expire = (nowMs: number): void => {
    while ((slots[0]?.startMs ?? nowMs) < slotStart(nowMs) - KEPT_MS) dropOldest();
  };

  const slotAt = (startMs: number): OwnSlot => {
    const before = slots.findLastIndex((slot) => slot.startMs <= startMs);
    const found = slots[before];
    if (found?.startMs === startMs) return found;
    const slot: OwnSlot = { startMs, tallies: new Map(), closedAs: 0 };
    slots.splice(before + 1, 0, slot);
    return slot;
  };

  const tallyIn = (slot: OwnSlot, entry: KnownEdge): Tally => {
    const known = slot.tallies.get(entry);
    if (known !== undefined) return known;
    const tally = new Tally();
    slot.tallies.set(entry, tally);
    table.hold(entry);
    tallies += 1;
    while (tallies > limits.tallies && slots[0] !== slot) dropOldest();
    return tally;
  };

  const within = (fromMs: number, toMs: number): readonly OwnSlot[] =>
    slots.filter(({ startMs }) => startMs >= fromMs && startMs < toMs);

  return {
    get edges() {
      return table.size;
    },
    get tallies() {
      return tallies;
    },
    get oldestMs() {
      return slots[0]?.startMs;
    },
    tally(edge, nowMs) {
      // A clock that was set back by much: what it said before was wrong.
      while ((slots.at(-1)?.startMs ?? nowMs) > nowMs + MOST_AHEAD_MS) dropOldest();
      const newest = slots.at(-1);
      const startMs = slotStart(nowMs);
      // One that was set back by little goes on in the newest slot, as long as that is open.
      if (newest !== undefined && newest.startMs >= startMs && newest.closedAs === 0)
        return tallyIn(newest, table.entryOf(edge));
      expire(nowMs);
      const nextMs = Math.max(startMs, (newest?.startMs ?? -SLOT_MS) + SLOT_MS);
      return tallyIn(slotAt(nextMs), table.entryOf(edge));
    },
    ingest({ edge, startMs, counts }, nowMs, reportedBy) {
      expire(nowMs);
      if (startMs < slotStart(nowMs) - KEPT_MS || startMs > nowMs + MOST_AHEAD_MS) return false;
      // The oldest goes first, and that would be this.
      const isOldest = startMs < (slots[0]?.startMs ?? startMs) + SLOT_MS;
      if (tallies >= limits.tallies && isOldest) return false;
      const entry = table.entryOf(edge, reportedBy);
      if ((entry.share?.tallies ?? 0) >= limits.tallies / SHARES) return false;
      tallyIn(slotAt(slotStart(startMs)), entry).add(counts);
      return true;
    },
    sums(fromMs, toMs) {
      const sums = new Map<KnownEdge, Tally>();
      for (const slot of within(fromMs, toMs)) {
        for (const [entry, tally] of slot.tallies) {
          const sum = sums.get(entry) ?? new Tally();
          sum.add(tally);
          sums.set(entry, sum);
        }
      }
      return [...sums].map(([{ edge }, tally]) => ({ edge, tally }));
    },
    slots: within,
    seal() {
      for (const slot of slots) if (slot.closedAs === 0) slot.closedAs = nextSequence(slot.tallies.size);
    },
    closedSince(sequence, most, nowMs) {
      const closed: ClosedSlot[] = [];
      for (const slot of slots) {
        if (slot.closedAs === 0 && slot.startMs + SLOT_MS > nowMs) break;
        if (slot.closedAs === 0) slot.closedAs = nextSequence(slot.tallies.size);
        let own = slot.closedAs;
        if (own + slot.tallies.size - 1 <= sequence) continue;
        for (const [{ edge }, tally] of slot.tallies) {
          if (own > sequence)
            closed.push({ sequence: own, item: { edge, startMs: slot.startMs, counts: tally.counts() } });
          own += 1;
          if (closed.length >= most) return closed;
        }
      }
      return closed;
    },
  };
}

/** So many processes that report all they can fill all that is kept; a node's own store keeps no more than that. */
const SHARES = 3;
/** Clocks of nodes differ; one that is further ahead than this is wrong. */
export const MOST_AHEAD_MS = 60_000;
