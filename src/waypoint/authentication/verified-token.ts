/** A JWT whose signature, issuer, audience and times have been checked. */
export interface VerifiedToken {
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  /** All of its claims, as they are in the token. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** The same as policies see them: texts that are lists with spaces between (`scope`) are lists. */
  readonly policyClaims: Readonly<Record<string, unknown>>;
}
