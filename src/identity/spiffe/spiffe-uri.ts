import { IdentityError } from '../errors.ts';

/**
 * A SPIFFE ID of any form, as SPIFFE-ID.md §2 has it. Workloads of the mesh use a narrower form (model's SpiffeId);
 * this one is for reading what other systems issued.
 */
export interface SpiffeUri {
  readonly uri: string;
  readonly trustDomain: string;
  /** '' or starting with a slash. */
  readonly path: string;
}

/** @throws IdentityError ERR_IDENTITY_SPIFFE_URI, saying which rule was broken. */
export function parseSpiffeUri(uri: string): SpiffeUri {
  // SPIFFE-ID §2.3: an ID may have up to 2048 bytes; no longer ones need to be supported.
  if (Buffer.byteLength(uri) > LONGEST_URI_BYTES)
    throw spiffeUriError(uri, `at most ${LONGEST_URI_BYTES} bytes`);
  if (!uri.startsWith(SCHEME)) throw spiffeUriError(uri, 'the scheme spiffe://');
  const rest = uri.slice(SCHEME.length);
  const slash = rest.indexOf('/');
  const trustDomain = slash === -1 ? rest : rest.slice(0, slash);
  const path = slash === -1 ? '' : rest.slice(slash);
  if (!TRUST_DOMAIN.test(trustDomain))
    throw spiffeUriError(uri, 'a trust domain of lower-case letters, digits, dots, dashes and underscores');
  // SPIFFE-ID §2.2: no empty or relative segments, no trailing slash, nothing percent-encoded.
  for (const segment of path.split('/').slice(1)) {
    if (!SEGMENT.test(segment) || segment === '.' || segment === '..')
      throw spiffeUriError(uri, 'path segments of letters, digits, dots, dashes and underscores');
  }
  return { uri, trustDomain, path };
}

function spiffeUriError(uri: string, expected: string): IdentityError {
  return new IdentityError({
    code: 'ERR_IDENTITY_SPIFFE_URI',
    blame: 'downstream',
    message: `expected a SPIFFE ID with ${expected}, got ${JSON.stringify(uri.slice(0, 200))}`,
  });
}

const SCHEME = 'spiffe://';
const LONGEST_URI_BYTES = 2048;
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;
const SEGMENT = /^[A-Za-z0-9._-]+$/;
