import type { ServiceKey } from '../service.ts';

/** A share of the requests. */
export interface Backend {
  readonly weight: number;
  readonly target: BackendTarget;
}

/** Where a share of the requests goes. */
export type BackendTarget =
  | { readonly kind: 'service'; readonly service: ServiceKey; readonly port: number }
  /** Its share of the requests gets a 500 (Gateway API, backendRefs). The reason is a condition's. */
  | { readonly kind: 'invalid'; readonly reason: string; readonly message: string };
