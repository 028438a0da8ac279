import { LATENCY_BOUNDS_MS, type TrafficCounts } from '../../../model/index.ts';
import type { CountsOfOne } from '../observer.ts';

/** The counts of one edge in one slot of time, while they grow. What an edge never has (statuses, latency) takes no memory. */
export class Tally {
  opened = 0;
  closed = 0;
  failed = 0;
  refused = 0;
  sentBytes = 0;
  receivedBytes = 0;
  requests = 0;
  grpcErrors = 0;
  retries = 0;
  /** Five counts, by the first digit. */
  statuses: FiveCounts | undefined = undefined;
  /** By bucket; one more than there are bounds. */
  latency: Uint32Array | undefined = undefined;

  /** Adds what happened once. */
  addOne(counts: CountsOfOne): void {
    this.#addNumbers(counts);
    if (counts.status !== undefined) this.#addStatus(counts.status);
    if (counts.tookMs !== undefined) addAt(this.#latencyCounts(), bucketOf(counts.tookMs), 1);
  }

  add(counts: TrafficCounts | Tally): void {
    this.#addNumbers(counts);
    const { statuses, latency } = counts;
    // Loops without iterators: a window has many of these.
    if (statuses !== undefined && statuses[0] + statuses[1] + statuses[2] + statuses[3] + statuses[4] > 0) {
      this.statuses ??= [0, 0, 0, 0, 0];
      for (let index = 0; index < 5; index++) addAt(this.statuses, index, statuses[index] ?? 0);
    }
    if (latency === undefined || latency.length === 0) return;
    const sums = this.#latencyCounts();
    const buckets = Math.min(latency.length, sums.length);
    for (let index = 0; index < buckets; index++) {
      const count = latency[index] ?? 0;
      if (count !== 0) addAt(sums, index, count);
    }
  }

  counts(): TrafficCounts {
    return {
      opened: this.opened,
      closed: this.closed,
      failed: this.failed,
      refused: this.refused,
      sentBytes: this.sentBytes,
      receivedBytes: this.receivedBytes,
      requests: this.requests,
      statuses: this.statuses === undefined ? NO_STATUSES : [...this.statuses],
      grpcErrors: this.grpcErrors,
      retries: this.retries,
      latency: withoutTrailingZeros(this.latency),
    };
  }

  #addNumbers(counts: Partial<Omit<TrafficCounts, 'statuses' | 'latency'>>): void {
    this.opened += counts.opened ?? 0;
    this.closed += counts.closed ?? 0;
    this.failed += counts.failed ?? 0;
    this.refused += counts.refused ?? 0;
    this.sentBytes += counts.sentBytes ?? 0;
    this.receivedBytes += counts.receivedBytes ?? 0;
    this.requests += counts.requests ?? 0;
    this.grpcErrors += counts.grpcErrors ?? 0;
    this.retries += counts.retries ?? 0;
  }

  #addStatus(status: number): void {
    const index = Math.trunc(status / 100) - 1;
    if (index < 0 || index > 4) return;
    this.statuses ??= [0, 0, 0, 0, 0];
    addAt(this.statuses, index, 1);
  }

  #latencyCounts(): Uint32Array {
    this.latency ??= new Uint32Array(LATENCY_BOUNDS_MS.length + 1);
    return this.latency;
  }
}

/** The first bucket whose bound is not below `ms`; the last one for what is longer than all. */
function bucketOf(ms: number): number {
  // The bounds are powers of √2, so the bucket is a logarithm; the little that is taken off makes up for rounding at the bounds.
  const index = Math.ceil(2 * Math.log2(ms / SHORTEST_MS) - 1e-9);
  return Math.min(Math.max(index, 0), LATENCY_BOUNDS_MS.length);
}

type FiveCounts = [number, number, number, number, number];

function addAt(counts: number[] | Uint32Array, index: number, count: number): void {
  counts[index] = (counts[index] ?? 0) + count;
}

function withoutTrailingZeros(latency: Uint32Array | undefined): readonly number[] {
  if (latency === undefined) return [];
  let length = latency.length;
  while (length > 0 && latency[length - 1] === 0) length -= 1;
  return Array.from({ length }, (_, index) => latency[index] ?? 0);
}

const SHORTEST_MS = LATENCY_BOUNDS_MS[0] ?? 0.25;
const NO_STATUSES: Readonly<FiveCounts> = [0, 0, 0, 0, 0];
