import { readFile, stat } from 'node:fs/promises';
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from 'jose';
import { type Clock, describeError, systemClock } from '../../base/index.ts';
import { ControllerError } from '../errors.ts';
import type { TokenVerifier } from './caller.ts';
import { callerFromClaims, tokenError } from './token-claims.ts';

/** Whose tokens are good. */
export interface JwksVerifierOptions {
  /** A JSON Web Key Set; read again when it changes. */
  readonly file: string;
  /** Default `istio-ca`. */
  readonly audience?: string;
  readonly clock?: Clock;
}

type KeySet = ReturnType<typeof createLocalJWKSet>;

/** Checks tokens with the keys of a file: signature, audience, lifetime, and that they are of a service account. */
export function createJwksVerifier(options: JwksVerifierOptions): TokenVerifier {
  const { file, audience = 'istio-ca', clock = systemClock } = options;
  let loaded: { readonly keys: KeySet; readonly signature: string } | undefined;
  let lookedAtMs = Number.NEGATIVE_INFINITY;

  async function keys(again: boolean): Promise<KeySet> {
    if (!again && loaded !== undefined && clock.monotonic() - lookedAtMs < LOOK_EVERY_MS) return loaded.keys;
    try {
      const { mtimeMs, size, ino } = await stat(file);
      const signature = `${ino} ${size} ${mtimeMs}`;
      lookedAtMs = clock.monotonic();
      if (loaded?.signature !== signature) {
        const set = JSON.parse(await readFile(file, 'utf8')) as JSONWebKeySet;
        loaded = { keys: createLocalJWKSet(set), signature };
      }
      return loaded.keys;
    } catch (cause) {
      // Half a file, or none for a moment: the keys of before still hold.
      if (loaded !== undefined) return loaded.keys;
      throw jwksError(file, cause);
    }
  }

  async function check(token: string, again: boolean) {
    const keySet = await keys(again);
    return jwtVerify(token, keySet, {
      audience,
      algorithms: ALGORITHMS,
      clockTolerance: 10,
      currentDate: new Date(clock.now()),
      requiredClaims: ['exp', 'sub'],
    });
  }

  return {
    async verify(token) {
      try {
        const { payload } = await check(token, false).catch((error: unknown) => {
          // Signed by a key that was not there a moment ago.
          if (error instanceof errors.JWKSNoMatchingKey) return check(token, true);
          throw error;
        });
        return callerFromClaims(payload);
      } catch (error) {
        if (error instanceof ControllerError) throw error;
        throw tokenError(`the token is refused: ${describeError(error)}`, error);
      }
    },
  };
}

function jwksError(file: string, cause: unknown): ControllerError {
  return new ControllerError({
    code: 'ERR_CONTROLLER_JWKS',
    blame: 'local',
    message: `cannot read a JSON Web Key Set from ${file}`,
    hint: 'name the file with --jwks-file',
    retryable: true,
    cause,
  });
}

const LOOK_EVERY_MS = 1_000;
/** Asymmetric ones only: nothing that could be made with what the file tells. */
const ALGORITHMS = ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'EdDSA'];
