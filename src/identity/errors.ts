import { type ErrorCodeTable, MeshError } from '../base/index.ts';

/** Every code of this folder with its meaning; docs/errors.md repeats them. */
export const IDENTITY_ERROR_CODES = {
  ERR_IDENTITY_PEM: 'text is not the PEM that was expected: none, several, another kind or damaged',
  ERR_IDENTITY_CERTIFICATE: 'bytes are not an X.509 certificate',
  ERR_IDENTITY_REVOCATION_LIST: 'bytes are not a certificate revocation list, or its issuer may not sign one',
  ERR_IDENTITY_PRIVATE_KEY: 'a private key is missing, damaged or not that of the certificate beside it',
  ERR_IDENTITY_SPIFFE_URI: 'a URI is not a SPIFFE ID',
  ERR_IDENTITY_SPIFFE_SVID: 'certificates are not an X.509-SVID',
  ERR_IDENTITY_SPIFFE_BUNDLE: 'a document is not a SPIFFE trust bundle or a JWKS of one',
  ERR_IDENTITY_FILE: 'a private file or folder cannot be used: unreadable, damaged or open to other users',
  ERR_IDENTITY_AUTHORITY: 'the stored certificate authority is damaged or belongs to another trust domain',
  ERR_IDENTITY_PLUGGED: 'an authority that was handed in cannot be used: key, chain, validity or CA flag',
  ERR_IDENTITY_ROOT_STEP: 'a step of a root rotation is not possible now',
  ERR_IDENTITY_CSR: 'a certificate signing request is malformed or asks for what may not be issued',
  ERR_IDENTITY_SERIAL: 'text is not the serial number of a certificate in hex',
  ERR_IDENTITY_TTL: 'a requested certificate lifetime is not a positive number of milliseconds',
  ERR_IDENTITY_ISSUED: 'an issued certificate does not fit its request: key, identity, validity or chain',
  ERR_IDENTITY_SVID_UNAVAILABLE: 'no certificate for a workload could be had in time',
  ERR_IDENTITY_SVID_REFUSED: 'the authority refused to issue a certificate for a workload',
  ERR_IDENTITY_CLOSED:
    'the certificate store or authority is closed, or the identity was forgotten meanwhile',
  ERR_IDENTITY_STATE: 'saved certificates cannot be read back',
  ERR_IDENTITY_PEER_NO_CERTIFICATE: 'the peer presented no certificate',
  ERR_IDENTITY_PEER_MALFORMED: 'the peer presented a certificate that cannot be read',
  ERR_IDENTITY_PEER_EXPIRED: 'a certificate of the peer has expired',
  ERR_IDENTITY_PEER_NOT_YET_VALID: 'a certificate of the peer is not valid yet; clocks may differ',
  ERR_IDENTITY_PEER_UNTRUSTED: 'the chain of the peer leads to no root of the trust bundle',
  ERR_IDENTITY_PEER_SELF_SIGNED:
    'the peer presented a self-signed certificate that is not a root of the bundle',
  ERR_IDENTITY_PEER_USAGE:
    'a certificate of the peer may not be used as it was: CA flag, key usage or extension',
  ERR_IDENTITY_PEER_SAN: 'the certificate of the peer has not exactly one URI that is a workload identity',
  ERR_IDENTITY_PEER_TRUST_DOMAIN: 'the peer belongs to another trust domain',
  ERR_IDENTITY_PEER_UNEXPECTED: 'the peer proved an identity, but not one of those expected',
  ERR_IDENTITY_PEER_REVOKED: 'a certificate of the peer is revoked',
  ERR_IDENTITY_PEER_REVOCATION_UNKNOWN:
    'revocation is checked, but no current list covers a certificate of the peer',
  ERR_IDENTITY_PEER_PROTOCOL: 'the peer does not speak TLS 1.3 with ALPN h2, or resumed a session',
  ERR_IDENTITY_PEER_REFUSED_US: 'the peer ended the handshake by an alert about our certificate',
  ERR_IDENTITY_HANDSHAKE: 'a TLS handshake failed or took too long for a reason outside certificates',
} as const satisfies ErrorCodeTable;

/** One of them. */
export type IdentityErrorCode = keyof typeof IDENTITY_ERROR_CODES;

/** Something about certificates, their keys, their issuance or a peer's proof of identity is not as it must be. */
export class IdentityError extends MeshError<IdentityErrorCode> {}
