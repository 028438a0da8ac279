export { accountOf, type Caller, type TokenBearer, type TokenVerifier } from './caller.ts';
export { isPodOf, placeCaller } from './caller-pod.ts';
export { createJwksVerifier, type JwksVerifierOptions } from './jwks-verifier.ts';
export type { TokenReviewStatus } from './token-review.ts';
export { createTokenReviewVerifier, type TokenReviewVerifierOptions } from './token-review-verifier.ts';
