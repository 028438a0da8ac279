import type { WorkloadIdentity } from '../../model/index.ts';
import { checkSigningRequest, formatPem, KEY_ALGORITHM, readPemCertificate } from '../certificates/index.ts';
import { IdentityError } from '../errors.ts';
import { authorityError, type StoredSigner } from './authority-folder.ts';
import type { AuthoritySettings, AuthorityState } from './authority-state.ts';
import { rootsPemOf } from './bundle-content.ts';
import { createServerCertificate, createWorkloadCertificate, type Validity } from './certificate-profiles.ts';
import { leafSigner, withinIssuer } from './root-signers.ts';

/** A workload's wish, from a caller whose right to the identity was checked already. */
export interface IssueRequest {
  readonly csrPem: string;
  readonly identity: WorkloadIdentity;
  /** Default and limit: the authority's maximum. */
  readonly ttlMs?: number;
}

/** The answer to it, in the shape of wire.md §2.8. */
export interface IssuedCertificate {
  /** The leaf, intermediates (a rotation's cross-certificate last), and as last element all roots in one text. */
  readonly chainPem: readonly string[];
  readonly notAfterMs: number;
  readonly serial: string;
}

/** What the controller's own listener is called. */
export interface ServerCertificateRequest {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  /** Default 24 h; not bound by the maximum of workloads. */
  readonly ttlMs?: number;
}

/** A certificate and its new key; not kept by the authority. */
export interface ServerCertificate {
  /** Leaf and intermediates. */
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly notAfterMs: number;
}

/** @throws IdentityError ERR_IDENTITY_CSR, ERR_IDENTITY_TTL, ERR_IDENTITY_PEER_TRUST_DOMAIN. */
export async function issueWorkloadCertificate(
  state: AuthorityState,
  settings: AuthoritySettings,
  request: IssueRequest,
): Promise<IssuedCertificate> {
  const { identity } = request;
  if (identity.trustDomain !== settings.trustDomain) {
    throw new IdentityError({
      code: 'ERR_IDENTITY_PEER_TRUST_DOMAIN',
      blame: 'downstream',
      message: `expected an identity of trust domain ${settings.trustDomain}, got ${identity.id}`,
    });
  }
  const ttlMs = Math.min(checkTtl(request.ttlMs ?? settings.maximumTtlMs), settings.maximumTtlMs);
  const publicKey = await checkSigningRequest(request.csrPem, identity);
  const stored = leafSigner(state.roots[0]);
  const { signer } = stored;
  const validity = validityUnder(stored, settings.clock.now(), ttlMs);
  const pem = await createWorkloadCertificate({ identity, publicKey, signer, validity });
  const leaf = readPemCertificate(pem);
  return {
    chainPem: [pem, ...issuersPem(state), rootsPemOf(state).join('')],
    notAfterMs: leaf.notAfterMs,
    serial: leaf.serial,
  };
}

/** @throws IdentityError ERR_IDENTITY_TTL. */
export async function issueServerCertificate(
  state: AuthorityState,
  settings: AuthoritySettings,
  request: ServerCertificateRequest,
): Promise<ServerCertificate> {
  const stored = leafSigner(state.roots[0]);
  const { signer } = stored;
  const ttlMs = checkTtl(request.ttlMs ?? SERVER_TTL_MS);
  const validity = validityUnder(stored, settings.clock.now(), ttlMs);
  const keys = await crypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
  const pem = await createServerCertificate({ ...request, publicKey: keys.publicKey, signer, validity });
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificatePem: [pem, ...issuersPem(state)].join(''),
    privateKeyPem: formatPem('PRIVATE KEY', new Uint8Array(key)),
    notAfterMs: readPemCertificate(pem).notAfterMs,
  };
}

/** What stands between a leaf and the roots, including the way to the root before while that is trusted. */
function issuersPem(state: AuthorityState): readonly string[] {
  const [active] = state.roots;
  const { cross } = active.record;
  const intermediates = active.intermediates.slice(-1).map((one) => one.certificate.pem);
  const useful = cross !== undefined && state.roots.some((root) => root.root.name === cross.by);
  const chain = active.record.plugged?.chainPem ?? [];
  return [...intermediates, ...chain, ...(useful ? [cross.pem] : [])];
}

/** @throws IdentityError ERR_IDENTITY_AUTHORITY when the signer has expired. */
function validityUnder(signer: StoredSigner, nowMs: number, ttlMs: number): Validity {
  if (nowMs >= signer.certificate.notAfterMs) {
    throw authorityError(
      `expected a signing certificate that is valid, got ${signer.name}, which expired ${new Date(signer.certificate.notAfterMs).toISOString()}`,
    );
  }
  return withinIssuer(signer.certificate, validityOf(nowMs, ttlMs));
}

/** Backdated for clocks that differ a little, but never by more than half of a short life. */
function validityOf(nowMs: number, ttlMs: number): Validity {
  return { notBeforeMs: nowMs - Math.min(MOST_BACKDATE_MS, ttlMs / 2), notAfterMs: nowMs + ttlMs };
}

function checkTtl(ttlMs: number): number {
  if (Number.isFinite(ttlMs) && ttlMs > 0) return ttlMs;
  throw new IdentityError({
    code: 'ERR_IDENTITY_TTL',
    blame: 'downstream',
    message: `expected a lifetime of more than 0 ms, got ${ttlMs}`,
  });
}

const MOST_BACKDATE_MS = 120_000;
const SERVER_TTL_MS = 86_400_000;
