/** Who calls, as the token of its service account says. */
export interface Caller {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Empty for a token that is not bound to a pod. */
  readonly pod: string;
  readonly podUid: string;
  /** Empty when the token does not tell. */
  readonly node: string;
}

/** Who brings a token, as far as the controller knows it by itself. */
export interface TokenBearer {
  /** `address:port` of the connection. */
  readonly address: string;
  /** Whether the pod that a token is bound to is known to be there. An answer of before holds for no other. */
  readonly isPresent: (caller: Caller) => boolean;
}

/** Checks tokens. Another adapter asks Kubernetes (TokenReview). */
export interface TokenVerifier {
  /** Throws ControllerError ERR_CONTROLLER_TOKEN, or ERR_CONTROLLER_JWKS when it has nothing to check with. */
  verify(token: string, bearer?: TokenBearer): Promise<Caller>;
}

/** `namespace/account`. */
export function accountOf(caller: Caller): string {
  return `${caller.namespace}/${caller.serviceAccount}`;
}
