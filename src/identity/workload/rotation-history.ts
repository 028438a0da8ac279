/** One attempt to get a certificate that is over. */
export interface Rotation {
  readonly atMs: number;
  /** Upper-case hex; empty when none came. */
  readonly serial: string;
  readonly outcome: 'issued' | 'failed';
  /** Empty when one was issued. */
  readonly error: string;
}

/** The last rotations of one identity's certificate, in bounded memory. */
export interface RotationHistory {
  add(rotation: Rotation): void;
  /** Newest first. */
  readonly newestFirst: readonly Rotation[];
}

/** Rotations of all identities of a store, since it was made. */
export type RotationTotals = Record<Rotation['outcome'], number>;

/** How many are kept. */
const KEPT_ROTATIONS = 20;

/** Counts all rotations into `totals`, and keeps the last. */
export function createRotationHistory(totals: RotationTotals): RotationHistory {
  let newestFirst: readonly Rotation[] = [];
  return {
    add(rotation) {
      totals[rotation.outcome] += 1;
      newestFirst = [rotation, ...newestFirst.slice(0, KEPT_ROTATIONS - 1)];
    },
    get newestFirst() {
      return newestFirst;
    },
  };
}
