import { createSignal, type Signal } from '../../base/index.ts';

/** Whether this replica may write what only one of them writes. */
export interface Leadership {
  readonly leading: boolean;
  /** Emits `leading` when it changes. Whoever writes must stop within the turn in which it becomes false. */
  readonly changes: Signal<boolean>;
}

/** Of a controller that has no other beside it. */
export const soleLeader: Leadership = { leading: true, changes: createSignal<boolean>() };
