export { accountOf, type Caller, type TokenVerifier } from './caller.ts';
export { createJwksVerifier, type JwksVerifierOptions } from './jwks-verifier.ts';
