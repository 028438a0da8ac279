export { accountOf, type Caller, type TokenVerifier } from './caller.ts';
export { isPodOf, placeCaller } from './caller-pod.ts';
export { createJwksVerifier } from './jwks-verifier.ts';
export type { TokenReviewStatus } from './token-review.ts';
export { createTokenReviewVerifier } from './token-review-verifier.ts';
