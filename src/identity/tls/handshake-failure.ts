import { errnoOf } from '../../base/index.ts';
import { IdentityError, type IdentityErrorCode } from '../errors.ts';

/** What can be asked of a socket whose handshake failed; a TLSSocket fits. */
export interface FailedSocket {
  /** Node's own verdict: a code in practice, whatever the type says. */
  readonly authorizationError?: unknown;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/**
 * The reason of a failed handshake as one of our codes: for 'error' of a client's socket, and for 'tlsClientError' of
 * a server, where Node reports a refused certificate as a mere hang-up and keeps the reason on the socket.
 */
export function explainHandshakeFailure(error: unknown, socket: FailedSocket = {}): IdentityError {
  if (error instanceof IdentityError) return error;
  const verdict = codeOf(socket.authorizationError);
  const code = REASONS.get(verdict ?? '') ?? REASONS.get(codeOf(error) ?? '') ?? byText(error);
  const got = verdict ?? codeOf(error) ?? (error instanceof Error ? error.message : String(error));
  const peer =
    socket.remoteAddress === undefined ? '' : ` from ${socket.remoteAddress}:${socket.remotePort ?? 0}`;
  return new IdentityError({
    code: code ?? 'ERR_IDENTITY_HANDSHAKE',
    blame: 'upstream',
    message: `expected ${EXPECTED[code ?? ''] ?? 'a TLS handshake to succeed'}, got ${got}${peer}`,
    retryable: code === undefined && errnoOf(error) !== undefined,
    cause: error,
  });
}

function codeOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (value instanceof Error && 'code' in value && typeof value.code === 'string') return value.code;
  return undefined;
}

/** OpenSSL's alerts come with a code that names the library's function only; the reason is in the text. */
function byText(error: unknown): IdentityErrorCode | undefined {
  if (!(error instanceof Error)) return undefined;
  return ALERTS.find(([text]) => error.message.toLowerCase().includes(text))?.[1];
}

/** Codes of X509_verify_cert as Node names them, and of its TLS layer. */
const REASONS: ReadonlyMap<string, IdentityErrorCode> = new Map([
  ['CERT_HAS_EXPIRED', 'ERR_IDENTITY_PEER_EXPIRED'],
  ['CERT_NOT_YET_VALID', 'ERR_IDENTITY_PEER_NOT_YET_VALID'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_IDENTITY_PEER_SELF_SIGNED'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'ERR_IDENTITY_PEER_SELF_SIGNED'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ERR_IDENTITY_PEER_UNTRUSTED'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'ERR_IDENTITY_PEER_UNTRUSTED'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'ERR_IDENTITY_PEER_UNTRUSTED'],
  ['CERT_SIGNATURE_FAILURE', 'ERR_IDENTITY_PEER_UNTRUSTED'],
  ['CERT_UNTRUSTED', 'ERR_IDENTITY_PEER_UNTRUSTED'],
  ['CERT_CHAIN_TOO_LONG', 'ERR_IDENTITY_PEER_UNTRUSTED'],
  ['INVALID_CA', 'ERR_IDENTITY_PEER_USAGE'],
  ['INVALID_PURPOSE', 'ERR_IDENTITY_PEER_USAGE'],
  ['PATH_LENGTH_EXCEEDED', 'ERR_IDENTITY_PEER_USAGE'],
  ['CERT_REVOKED', 'ERR_IDENTITY_PEER_REVOKED'],
  ['UNABLE_TO_GET_CRL', 'ERR_IDENTITY_PEER_REVOCATION_UNKNOWN'],
  ['ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE', 'ERR_IDENTITY_PEER_NO_CERTIFICATE'],
  ['ERR_SSL_NO_APPLICATION_PROTOCOL', 'ERR_IDENTITY_PEER_PROTOCOL'],
  ['ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', 'ERR_IDENTITY_PEER_PROTOCOL'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'ERR_IDENTITY_PEER_PROTOCOL'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_IDENTITY_PEER_PROTOCOL'],
  ['ERR_SSL_HTTP_REQUEST', 'ERR_IDENTITY_PEER_PROTOCOL'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'ERR_IDENTITY_PEER_PROTOCOL'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'ERR_IDENTITY_PEER_REFUSED_US'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'ERR_IDENTITY_PEER_REFUSED_US'],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'ERR_IDENTITY_PEER_REFUSED_US'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'ERR_IDENTITY_PEER_REFUSED_US'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', 'ERR_IDENTITY_PEER_REFUSED_US'],
] satisfies [string, IdentityErrorCode][]);

const ALERTS: readonly (readonly [string, IdentityErrorCode])[] = [
  ['no application protocol', 'ERR_IDENTITY_PEER_PROTOCOL'],
  ['protocol version', 'ERR_IDENTITY_PEER_PROTOCOL'],
  ['certificate required', 'ERR_IDENTITY_PEER_REFUSED_US'],
];

const EXPECTED: Readonly<Record<string, string>> = {
  ERR_IDENTITY_PEER_EXPIRED: 'a certificate that is still valid',
  ERR_IDENTITY_PEER_NOT_YET_VALID: 'a certificate that is valid already',
  ERR_IDENTITY_PEER_SELF_SIGNED: 'a chain to a root of the trust bundle',
  ERR_IDENTITY_PEER_UNTRUSTED: 'a chain to a root of the trust bundle',
  ERR_IDENTITY_PEER_USAGE: 'certificates made for this use',
  ERR_IDENTITY_PEER_REVOKED: 'a certificate in force',
  ERR_IDENTITY_PEER_REVOCATION_UNKNOWN: 'a current revocation list',
  ERR_IDENTITY_PEER_NO_CERTIFICATE: 'a certificate from the peer',
  ERR_IDENTITY_PEER_PROTOCOL: 'TLSv1.3 with ALPN h2',
  ERR_IDENTITY_PEER_REFUSED_US: 'the peer to accept our certificate',
};
