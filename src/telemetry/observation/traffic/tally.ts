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
  statuses: number[] | undefined = undefined;
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
    if (counts.statuses?.some((count) => count !== 0)) {
      this.statuses ??= [0, 0, 0, 0, 0];
      for (const [index, count] of counts.statuses.entries()) addAt(this.statuses, index, count);
    }
    if (counts.latency === undefined || counts.latency.length === 0) return;
    const latency = this.#latencyCounts();
    const buckets = Math.min(counts.latency.length, latency.length);
    for (let index = 0; index < buckets; index++) addAt(latency, index, counts.latency[index] ?? 0);
  }

  counts(): TrafficCounts {
    const [s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0] = this.statuses ?? [];
    return {
      opened: this.opened,
      closed: this.closed,
      failed: this.failed,
      refused: this.refused,
      sentBytes: this.sentBytes,
      receivedBytes: this.receivedBytes,
      requests: this.requests,
      statuses: [s1, s2, s3, s4, s5],
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
export function bucketOf(ms: number): number {
  // The bounds are powers of √2, so the bucket is a logarithm; the little that is taken off makes up for rounding at the bounds.
  const index = Math.ceil(2 * Math.log2(ms / SHORTEST_MS) - 1e-9);
  return Math.min(Math.max(index, 0), LATENCY_BOUNDS_MS.length);
}

function addAt(counts: number[] | Uint32Array, index: number, count: number): void {
  counts[index] = (counts[index] ?? 0) + count;
}

function withoutTrailingZeros(latency: Uint32Array | undefined): readonly number[] {
  if (latency === undefined) return [];
  return [...latency.subarray(0, latency.findLastIndex((count) => count !== 0) + 1)];
}

const SHORTEST_MS = LATENCY_BOUNDS_MS[0] ?? 0.25;
