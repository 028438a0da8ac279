import type { Cidr } from '../cidr.ts';
import type { ServiceAccountMatch, StringMatch } from '../authorization.ts';
import type { PolicyKey } from '../workload.ts';
import type { Attachment } from './attachment.ts';

/** A policy that waypoints enforce: an AuthorizationPolicy with `targetRefs`. Holds when any of its rules does. */
export interface RequestPolicy {
  readonly key: PolicyKey;
  readonly namespace: string;
  readonly name: string;
  readonly attachments: readonly Attachment[];
  readonly action: RequestAction;
  readonly rules: readonly RequestRule[];
  /** Evaluated and counted, never enforced. */
  readonly dryRun: boolean;
  /** Why it could not be understood: its one rule stands in for what was written, and holds for everything. Default: it was. */
  readonly notUnderstood?: string;
}

/** What becomes of a request for which the policy holds. */
export type RequestAction =
  | { readonly kind: 'allow' | 'deny' | 'audit' }
  /** Whoever matches must be let through by the authorizer of this name too. */
  | { readonly kind: 'custom'; readonly provider: string };

/** Holds when any of `from` does, any of `to` does and all of `when` do; an empty list holds. */
export interface RequestRule {
  /** Each a list of tests that must all hold. */
  readonly from: readonly (readonly RequestTest[])[];
  readonly to: readonly (readonly RequestTest[])[];
  readonly when: readonly RequestTest[];
}

/**
 * Looks at one thing of a request. Holds when any of `values` fits, where there are some, and none of `notValues` does.
 * At least one of the two has something in it.
 */
export type RequestTest =
  | TestOf<'principal' | 'sni', StringMatch>
  | TestOf<'method', StringMatch>
  | TestOf<'host', StringMatch>
  | TestOf<'namespace' | 'trust-domain', StringMatch | Wildcard>
  | TestOf<'service-account', ServiceAccountMatch>
  | TestOf<'source-ip' | 'remote-ip' | 'destination-ip', Cidr>
  | TestOf<'port', number>
  | TestOf<'path', PathPattern>
  | TestOf<'request-principal', TokenPrincipalMatch>
  | HeaderTest
  | ClaimTest;

/** What a test can look at. */
export type RequestSubject = RequestTest['subject'];

/** One header, all its values as one text; or (`header-element`) each element of its lists on its own. */
export interface HeaderTest extends TestOf<'header' | 'header-element', StringMatch> {
  /** In lower case; `:method` and `:authority` stand for those. */
  readonly name: string;
}

/** A claim of a verified token: text, or a list with such a text in it. */
export interface ClaimTest extends TestOf<'claim', StringMatch> {
  /** From the outermost claim inwards; never empty. */
  readonly path: readonly string[];
}

/** The values that a test compares its subject with. */
export interface TestOf<Subject extends string, Value> {
  readonly subject: Subject;
  readonly values: readonly Value[];
  readonly notValues: readonly Value[];
}

/** `*` anywhere, standing for any text. */
export interface Wildcard {
  readonly kind: 'wildcard';
  readonly value: string;
}

/** A template is a path with `{*}` for one segment and `{**}` for any number of them. */
export type PathPattern = StringMatch | { readonly kind: 'template'; readonly value: string };

/** Issuer and subject of one token; both must fit. */
export interface TokenPrincipalMatch {
  readonly issuer: StringMatch;
  readonly subject: StringMatch;
}
