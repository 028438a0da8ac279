import type { UnmetPart } from '../../policy/index.ts';

/** `unknown`: something decides that is not known from here; the hop says what. */
export type ExplainedVerdict = 'allowed' | 'refused' | 'unknown';

/** One verdict on one connection or request, with every hop that had a say. What `-o json` prints. */
export interface Explanation {
  readonly source: string;
  readonly destination: string;
  /** `GET cart:8080/checkout`; empty for a connection of which nothing is known but its ends. */
  readonly request: string;
  readonly verdict: ExplainedVerdict;
  /** Who decided, and why, in a sentence. */
  readonly because: string;
  /** The smallest change that would let it through; empty where it is let through, or nothing can be said. */
  readonly fix: string;
  readonly hops: readonly Hop[];
  /** The last one between the two that a proxy reported; undefined: none, or nobody could be asked. */
  readonly lastRefusal: LastRefusal | undefined;
  /** What is wrong on the way as it runs, whatever the verdict: a slow backend, a proxy that is behind, a certificate that ends. */
  readonly findings: readonly Finding[];
  /** What else is to be known: assumptions, objects that were not understood. */
  readonly notes: readonly string[];
}

/** `ok`: it goes on. `stop`: it ends here. `open`: nobody can tell. */
export type Mark = 'ok' | 'stop' | 'open' | 'note';

/** One place that has a say, in the order in which they are passed. */
export interface Hop {
  readonly name: string;
  readonly mark: Exclude<Mark, 'note'>;
  readonly facts: readonly Fact[];
  /** Those that hold here, in the order of their names. */
  readonly policies: readonly PolicyFact[];
}

/** One thing that a hop has to say. */
export interface Fact {
  readonly mark: Mark;
  readonly text: string;
  /** Smaller print. */
  readonly details: readonly string[];
}

/** What a policy did. `no match` of an ALLOW policy does not allow; of any other it does nothing. */
export interface PolicyFact {
  readonly policy: string;
  readonly kind: 'AuthorizationPolicy' | 'PeerAuthentication';
  readonly action: 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM';
  readonly dryRun: boolean;
  readonly effect: 'allowed' | 'denied' | 'asks' | 'noted' | 'no match' | 'matched' | 'not received';
  /** The rule that held, or was nearest to it; from 1, 0 where there is none. */
  readonly rule: number;
  /** What the nearest rule was short of; empty: it held. */
  readonly unmet: readonly UnmetPart[];
  /** Of a dry run: what enforcing it would change; else empty. */
  readonly wouldBe: string;
}

/** What a step leaves for the next one. */
export interface StepResult {
  readonly hop: Hop;
  /** Undefined: it goes on. */
  readonly end?: Ending | undefined;
}

/** How it ends, why, and what would change that; `fix` is empty where nothing is to be changed. */
export interface Ending {
  readonly verdict: ExplainedVerdict;
  readonly because: string;
  readonly fix: string;
}

/** Something that is wrong in the mesh that runs. */
export interface Finding {
  /** What it is about, such as `service shop/cart` or `ztunnel/node-1`. */
  readonly what: string;
  readonly message: string;
  readonly hint: string;
}

/** The last time that the running mesh refused the same. */
export interface LastRefusal {
  readonly at: string;
  readonly proxy: string;
  readonly message: string;
  readonly hint: string;
  readonly policy: string;
  /** From 1; 0: none decided. */
  readonly rule: number;
  readonly request: string;
  /** What is known now of the same: it would be let through, or what would let it. */
  readonly now: string;
}

/** It goes on, and why. */
export function okFact(text: string, details: readonly string[] = []): Fact {
  return { mark: 'ok', text, details };
}

/** It ends here, and why. */
export function stopFact(text: string, details: readonly string[] = []): Fact {
  return { mark: 'stop', text, details };
}

/** Worth knowing; it decides nothing. */
export function noteFact(text: string, details: readonly string[] = []): Fact {
  return { mark: 'note', text, details };
}

/** Somebody decides who cannot be asked from here. */
export function openFact(text: string, details: readonly string[] = []): Fact {
  return { mark: 'open', text, details };
}
