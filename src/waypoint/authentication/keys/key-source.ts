import type { KeySet } from './key-set.ts';
import { keysUnavailable } from './keys-unavailable.ts';

/** Where the keys of an issuer come from. */
export interface KeySource {
  /** The keys as they are known; waits for the first ones. Rejects with ERR_WAYPOINT_TOKEN_KEYS while there are none. */
  current(): Promise<KeySet>;
  /** A token names a key that is not known: looks again, unless that was done a moment ago. */
  refreshed(): Promise<KeySet>;
}

/** `keys` undefined: what was configured is no key set, and each question rejects with ERR_WAYPOINT_TOKEN_KEYS. */
export function inlineKeys(issuer: string, keys: KeySet | undefined): KeySource {
  const known = async (): Promise<KeySet> => {
    if (keys === undefined) throw keysUnavailable(issuer, 'the JWKS in its configuration cannot be read');
    return keys;
  };
  return { current: known, refreshed: known };
}
