import type { Attachment } from './attachment.ts';

/** `RequestAuthentication/<namespace>/<name>`. */
export type RequestAuthenticationKey = string & { readonly __brand: 'RequestAuthenticationKey' };

/** Nothing is checked. */
export function requestAuthenticationKey(namespace: string, name: string): RequestAuthenticationKey {
  return `RequestAuthentication/${namespace}/${name}` as RequestAuthenticationKey;
}

/** How tokens in requests are verified. A token that is found must be good; where none is, policies decide. */
export interface RequestAuthentication {
  readonly key: RequestAuthenticationKey;
  readonly namespace: string;
  readonly name: string;
  readonly attachments: readonly Attachment[];
  readonly rules: readonly JwtRule[];
}

/** Tokens of one issuer: where they may stand, what makes them good, and what the backend gets to see of them. */
export interface JwtRule {
  readonly issuer: string;
  /** Any of them must be meant; empty: whatever the token says. */
  readonly audiences: readonly string[];
  readonly keys: JwtKeys;
  /** Where tokens may stand; all of them are looked at. */
  readonly locations: readonly TokenLocation[];
  /** The token stays in the request. */
  readonly forwardOriginalToken: boolean;
  /** Gets the claims as base64url of JSON; empty: no header does. In lower case. */
  readonly outputPayloadToHeader: string;
  readonly outputClaimToHeaders: readonly ClaimToHeader[];
  /** How long fetching keys may take. */
  readonly timeoutMs: number;
  /** Claims whose text is a list with spaces between, beside `scope` and `permission`. Dots lead into nested claims. */
  readonly spaceDelimitedClaims: readonly string[];
  /** A request without such a token is refused. */
  readonly required: boolean;
}

/** Where the keys come from that tokens are verified with. */
export type JwtKeys =
  /** A JWKS as it was written. */
  | { readonly kind: 'inline'; readonly jwks: string }
  | { readonly kind: 'uri'; readonly uri: string }
  /** Where the issuer's own configuration says (OpenID Connect Discovery). */
  | { readonly kind: 'discovery' };

/** A place in a request where a token may stand. */
export type TokenLocation =
  /** `name` in lower case; the token is what follows `prefix`. */
  | { readonly kind: 'header'; readonly name: string; readonly prefix: string }
  | { readonly kind: 'param' | 'cookie'; readonly name: string };

/** A claim of a verified token that the backend gets as a header. */
export interface ClaimToHeader {
  /** In lower case. */
  readonly header: string;
  /** Dots lead into nested claims. */
  readonly claim: string;
}

/** Where tokens are looked for when nobody says where (RFC 6750 §2.1, §2.3). */
export const DEFAULT_TOKEN_LOCATIONS: readonly TokenLocation[] = [
  { kind: 'header', name: 'authorization', prefix: 'Bearer ' },
  { kind: 'param', name: 'access_token' },
];
