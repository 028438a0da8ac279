import { createFailureWindow, type FailureWindow } from './failure-window.ts';

/** Why an endpoint is left out. */
export type EjectionReason =
  | 'consecutive-5xx-errors'
  | 'consecutive-gateway-errors'
  | 'failure-ratio'
  | 'rate-limited';

/** What is remembered of how one endpoint has answered. The detector alone changes it. */
export interface EndpointHealth {
  /** Set while it is left out; milliseconds of the monotonic clock. */
  out: { readonly untilMs: number; readonly reason: EjectionReason } | undefined;
  /** Ejections in a row, for failures only. */
  ejections: number;
  /** When the last of them was over. */
  returnedMs: number;
  consecutiveServerErrors: number;
  consecutiveGatewayErrors: number;
  /** Made when somebody first asks for a ratio. */
  window: FailureWindow | undefined;
}

/** Of an endpoint of which nothing is held against it. */
export function createEndpointHealth(): EndpointHealth {
  return {
    out: undefined,
    ejections: 0,
    returnedMs: Number.NEGATIVE_INFINITY,
    consecutiveServerErrors: 0,
    consecutiveGatewayErrors: 0,
    window: undefined,
  };
}

/** Made with the first request that is counted. */
export function windowOf(health: EndpointHealth): FailureWindow {
  health.window ??= createFailureWindow();
  return health.window;
}

/** Whatever it did before it was left out is not held against it afterwards. */
export function forgetFailures(health: EndpointHealth): void {
  health.consecutiveServerErrors = 0;
  health.consecutiveGatewayErrors = 0;
  health.window?.clear();
}
