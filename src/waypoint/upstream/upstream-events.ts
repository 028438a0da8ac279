import { describeError, type Logger, type MeshError } from '../../base/index.ts';
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
  connectFailed(event: {
    readonly backend: BackendName;
    readonly endpoint: Workload;
    readonly error: MeshError;
  }): void;
  /** The service or pod is gone, or has not been used for long: nothing more is told of it. */
  dropped(event: { readonly backend: BackendName }): void;
}

/** Tells all of them. */
export function toAll(listeners: readonly UpstreamEvents[]): UpstreamEvents {
  const each =
    <Name extends keyof UpstreamEvents>(name: Name): UpstreamEvents[Name] =>
    (event: never) => {
      for (const listener of listeners) listener[name](event);
    };
  return {
    ejected: each('ejected'),
    spared: each('spared'),
    returned: each('returned'),
    overflowed: each('overflowed'),
    connectFailed: each('connectFailed'),
    dropped: each('dropped'),
  };
}

/** What an operator may want to read; what comes with every few requests is for those who debug. */
export function toLog(log: Logger): UpstreamEvents {
  const named = ({ backend, endpoint }: { readonly backend: BackendName; readonly endpoint: Workload }) => ({
    backend,
    endpoint: `${endpoint.namespace}/${endpoint.name}`,
  });
  return {
    ...NO_UPSTREAM_EVENTS,
    ejected: (event) =>
      log.warn('endpoint ejected', { ...named(event), reason: event.reason, forMs: Math.round(event.forMs) }),
    spared: (event) =>
      log.debug('endpoint not ejected, too many are', { ...named(event), reason: event.reason }),
    returned: (event) => log.info('endpoint returned', named(event)),
    connectFailed: (event) =>
      log.debug('endpoint not reached', { ...named(event), error: describeError(event.error) }),
  };
}

export const NO_UPSTREAM_EVENTS: UpstreamEvents = {
  ejected: ignore,
  spared: ignore,
  returned: ignore,
  overflowed: ignore,
  connectFailed: ignore,
  dropped: ignore,
};

function ignore(): void {
  // Nobody wants to know.
}
