/**
 * Where one pod's enrolment stands.
 *
 * ```
 *             ┌──────────── failure ────────────┐
 *             ▼                                 │
 * waiting ─▶ preparing ─▶ announcing ─▶ capturing ─▶ captured
 *    ▲          (new pods skip announcing)        │      │ resource removed
 *    │                                            ▼      ▼
 *  gone ◀── namespace no longer there ──── leaving ─▶ draining ─▶ released
 * ```
 * A pod that is labelled again while it leaves or drains goes back to preparing; what drains goes on draining beside it.
 */
export type PodState =
  | { readonly kind: 'preparing' | 'announcing' | 'capturing' | 'captured' }
  | { readonly kind: 'leaving' | 'draining' | 'released' | 'gone' | 'stopped' }
  | { readonly kind: 'waiting'; readonly error: Error; readonly retryInMs: number };

/** The words that config_dump knows (wire.md §5.3). */
export function stateInDump(state: PodState): 'Up' | 'Pending' | 'Draining' {
  switch (state.kind) {
    case 'captured':
      return 'Up';
    case 'leaving':
    case 'draining':
    case 'released':
    case 'gone':
    case 'stopped':
      return 'Draining';
    case 'waiting':
    case 'preparing':
    case 'announcing':
    case 'capturing':
      return 'Pending';
  }
}
