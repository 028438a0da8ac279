import type { AdmissionObject } from './admission-object.ts';
import type { RequestCondition } from './request-condition.ts';

/** Faults on purpose, to see what clients make of them. */
export interface FaultInjection extends AdmissionObject {
  /** The first that matches a request decides. */
  readonly rules: readonly FaultRule[];
  /** Requests that it holds up at once, in each waypoint process; further ones are left alone. */
  readonly maximumActive: number;
}

/** Of the rules of an object the first whose conditions hold decides. */
export interface FaultRule {
  /** Unique within the object. */
  readonly name: string;
  /** Any of them; empty: every request. */
  readonly conditions: readonly RequestCondition[];
  readonly delay: FaultDelay | undefined;
  readonly abort: FaultAbort | undefined;
}

/** How long a share of the requests is kept waiting. */
export interface FaultDelay {
  readonly share: Share;
  readonly delayMs: number;
}

/** At least one of the two is there: the other one follows from it, by the tables of grpc.io. */
export interface FaultAbort {
  readonly share: Share;
  readonly status: number | undefined;
  readonly grpcStatus: number | undefined;
}

/** Of the requests, each drawn for itself. The denominator is not 0. */
export interface Share {
  readonly numerator: number;
  readonly denominator: number;
}
