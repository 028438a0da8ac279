import type { Workload } from '../../model/index.ts';
import type { OverflowReason } from './limits/request-gate.ts';
import type { EjectionReason } from './outliers/endpoint-health.ts';

/** A backend in words: `namespace/name:port` of a service, `pod namespace/name:port`. */
export type BackendName = string;

/** What is worth counting and telling about backends. Listeners must not throw. */
export interface UpstreamEvents {
  ejected(event: {
    readonly backend: BackendName;
    readonly endpoint: Workload;
    readonly reason: EjectionReason;
    readonly forMs: number;
  }): void;
  /** It would have been ejected, if not too many were out already. */
  spared(event: {
    readonly backend: BackendName;
    readonly endpoint: Workload;
    readonly reason: EjectionReason;
  }): void;
  returned(event: { readonly backend: BackendName; readonly endpoint: Workload }): void;
  overflowed(event: { readonly backend: BackendName; readonly reason: OverflowReason }): void;
  connectFailed(event: { readonly backend: BackendName; readonly endpoint: Workload }): void;
}

export const NO_UPSTREAM_EVENTS: UpstreamEvents = {
  ejected: ignore,
  spared: ignore,
  returned: ignore,
  overflowed: ignore,
  connectFailed: ignore,
};

function ignore(): void {
  // Nobody wants to know.
}
