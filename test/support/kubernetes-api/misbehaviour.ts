import type { RequestInfo, Verb } from './request-info.ts';

/** Which requests; what is left out is any. */
export interface RequestMatch {
  readonly verb?: Verb | readonly Verb[];
  /** `pods`, `pods/status`, `gateways.gateway.networking.k8s.io`. */
  readonly resource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** What goes wrong with a request. */
export type Fault =
  /** Refused: 403, 410, 429, 500, 503… */
  | {
      readonly type: 'status';
      readonly code: number;
      readonly reason?: string;
      readonly message?: string;
      readonly retryAfterSeconds?: number;
    }
  /** Answered, but later. */
  | { readonly type: 'slow'; readonly ms: number }
  /** Somebody else is quicker: what it does happens first. */
  | { readonly type: 'overtaken'; readonly by: () => void }
  /** Half of the answer, then the connection is cut. */
  | { readonly type: 'truncate' }
  /** Half of the answer, and the connection ends in good order. */
  | { readonly type: 'garble' }
  /** Cut without an answer. */
  | { readonly type: 'drop' }
  /** Never answered, and never cut. */
  | { readonly type: 'hang' }
  /** A list of how it was so many changes ago. */
  | { readonly type: 'stale'; readonly changes: number }
  /** A list without an end, page after page: in a circle, without objects, or with ever more of them. */
  | { readonly type: 'endless'; readonly how: 'circle' | 'empty' | 'more' }
  /** A watch that says each change twice. */
  | { readonly type: 'repeat' }
  /** A watch that says changes which come close together in the wrong order. */
  | { readonly type: 'shuffle' };

export interface FaultRule {
  readonly match: RequestMatch;
  readonly fault: Fault;
  /** How many requests it is for; default: all until it is ended. */
  times: number;
}

/** The faults that are in force. */
export interface Misbehaviour {
  add(match: RequestMatch, fault: Fault, times?: number): () => void;
  clear(): void;
  /** Those for this request, which are counted down. */
  take(info: RequestInfo): readonly Fault[];
}

export function createMisbehaviour(): Misbehaviour {
  const rules = new Set<FaultRule>();
  return {
    add(match, fault, times = Number.POSITIVE_INFINITY) {
      const rule = { match, fault, times };
      rules.add(rule);
      return () => rules.delete(rule);
    },
    clear: () => rules.clear(),
    take(info) {
      const found = [...rules].filter(({ match }) => matches(match, info));
      for (const rule of found) if (--rule.times <= 0) rules.delete(rule);
      return found.map(({ fault }) => fault);
    },
  };
}

export function matches(match: RequestMatch, info: RequestInfo): boolean {
  const verbs = match.verb === undefined ? undefined : [match.verb].flat();
  const resource = info.subresource === undefined ? info.resource : `${info.resource}/${info.subresource}`;
  return (
    (verbs === undefined || verbs.includes(info.verb)) &&
    (match.resource === undefined || match.resource === resource) &&
    (match.namespace === undefined || match.namespace === info.namespace) &&
    (match.name === undefined || match.name === info.name)
  );
}
