/** How much is kept. All of it is bounded, so that memory is, whatever happens. */
export interface ObservationLimits {
  /** Distinct edges; traffic of more is counted under one that is named `other`. Default 5,000. */
  readonly edges: number;
  /** Edges times slots of time with something in them, some 400 bytes each; the oldest go first. Default 100,000. */
  readonly tallies: number;
  /** Default 2,000. */
  readonly refusals: number;
  /** Distinct flow records. Default 5,000. */
  readonly flows: number;
  /** Default 5,000. */
  readonly spans: number;
}

/** Fills in the defaults, and checks nothing: it is our own code that says more or less. */
export function resolveObservationLimits(limits: Partial<ObservationLimits> = {}): ObservationLimits {
  return Object.freeze({
    edges: limits.edges ?? 5_000,
    tallies: limits.tallies ?? 100_000,
    refusals: limits.refusals ?? 2_000,
    flows: limits.flows ?? 5_000,
    spans: limits.spans ?? 5_000,
  });
}
