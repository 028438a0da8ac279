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

/** How many are kept. */
const KEPT_ROTATIONS = 20;

export function createRotationHistory(): RotationHistory {
  let newestFirst: readonly Rotation[] = [];
  return {
    add(rotation) {
      newestFirst = [rotation, ...newestFirst.slice(0, KEPT_ROTATIONS - 1)];
    },
    get newestFirst() {
      return newestFirst;
    },
  };
}
