/** What peers are checked against. Served to every proxy as `nodemesh.identity.TrustBundle`. */
export interface TrustBundle {
  readonly trustDomain: string;
  /** PEM, one certificate each. During a root rotation there are several. */
  readonly rootsPem: readonly string[];
  /** PEM, one list each. Empty: revocation is not checked. */
  readonly crlsPem: readonly string[];
  /** Changes with the content. */
  readonly version: string;
}
