import { randomBytes } from 'node:crypto';
import {
  type Certificate,
  createSerial,
  readCertifiedName,
  readPemCertificate,
} from '../certificates/index.ts';
import {
  type AuthorityFolder,
  authorityError,
  type RootRecord,
  type StoredSigner,
} from './authority-folder.ts';
import { createSigningCertificate, type Signer, type Validity } from './certificate-profiles.ts';
import type { PluggedAuthority } from './plugged-authority.ts';

/** A root; its key may be somewhere safe. */
export interface RootCertificate {
  readonly name: string;
  readonly certificate: Certificate;
  readonly signer: Signer | undefined;
}

/** One root with the intermediates below it, loaded. */
export interface RootSigners {
  readonly root: RootCertificate;
  /** Oldest first; the last one signs. None: the root signs leaves itself. */
  readonly intermediates: readonly StoredSigner[];
  readonly record: RootRecord;
}

/** How long signing certificates live. */
export interface SignerLifetimes {
  readonly rootMs: number;
  /** undefined: no intermediate. */
  readonly intermediateMs: number | undefined;
}

interface SignerFactory {
  readonly folder: AuthorityFolder;
  readonly trustDomain: string;
  readonly lifetimes: SignerLifetimes;
  readonly nowMs: number;
}

/** Who signs leaves under this root. */
export function leafSigner(root: RootSigners): StoredSigner {
  const signer = root.intermediates.at(-1) ?? withKey(root.root);
  if (signer === undefined)
    throw authorityError(`expected a key to sign with under ${root.root.name}, got none`);
  return signer;
}

function withKey({ name, certificate, signer }: RootCertificate): StoredSigner | undefined {
  return signer && { name, certificate, signer };
}

/** Everybody here who may have signed a certificate that is still in use. */
export function allSigners(root: RootSigners): readonly StoredSigner[] {
  const own = withKey(root.root);
  return own === undefined ? root.intermediates : [own, ...root.intermediates];
}

/** Makes a root, its intermediate where wanted, and its cross-certificate by the root before it, if there is one. */
export async function createRoot(factory: SignerFactory, previous?: RootCertificate): Promise<RootSigners> {
  const { folder, trustDomain, lifetimes, nowMs } = factory;
  const id = randomBytes(6).toString('hex');
  const validity = { notBeforeMs: nowMs - BACKDATE_MS, notAfterMs: nowMs + lifetimes.rootMs };
  const root = await folder.createSigner(`root-${id}`, `CN=nodemesh root ${id}`, (signer) =>
    createSigningCertificate({ subject: signer, signer, trustDomain, validity }),
  );
  const record: RootRecord = {
    name: root.name,
    intermediates: [],
    cross: await crossCertify(root.signer, previous, trustDomain, validity),
    neededUntilMs: undefined,
  };
  const bare: RootSigners = { root, intermediates: [], record };
  return lifetimes.intermediateMs === undefined ? bare : renewIntermediate(factory, bare);
}

/** Puts a new intermediate in charge; those that have expired are forgotten. */
export async function renewIntermediate(factory: SignerFactory, root: RootSigners): Promise<RootSigners> {
  const { folder, trustDomain, lifetimes, nowMs } = factory;
  const id = createSerial().slice(0, 12);
  const validity = withinIssuer(root.root.certificate, {
    notBeforeMs: nowMs - BACKDATE_MS,
    notAfterMs: nowMs + (lifetimes.intermediateMs ?? 0),
  });
  const { signer } = root.root;
  if (signer === undefined) throw authorityError(`expected the key of ${root.root.name}, got none`);
  const intermediate = await folder.createSigner(
    `intermediate-${id}`,
    `CN=nodemesh intermediate ${id}`,
    (subject) => createSigningCertificate({ subject, signer, trustDomain, validity, pathLength: 0 }),
  );
  const kept = root.intermediates.filter((one) => one.certificate.notAfterMs > nowMs);
  const intermediates = [...kept, intermediate];
  return {
    root: root.root,
    intermediates,
    record: { ...root.record, intermediates: intermediates.map((one) => one.name) },
  };
}

/** True when the signing intermediate has less than a third of its life left. */
export function intermediateIsDue(root: RootSigners, nowMs: number): boolean {
  const certificate = root.intermediates.at(-1)?.certificate;
  // What was handed in is renewed by whoever handed it in.
  if (certificate === undefined || root.record.plugged !== undefined) return false;
  return (certificate.notAfterMs - nowMs) * 3 < certificate.notAfterMs - certificate.notBeforeMs;
}

/** @throws IdentityError ERR_IDENTITY_AUTHORITY when a file is missing or damaged. */
export async function loadRoot(folder: AuthorityFolder, record: RootRecord): Promise<RootSigners> {
  const intermediates: StoredSigner[] = [];
  for (const name of record.intermediates) intermediates.push(await folder.readSigner(name));
  const { name, plugged } = record;
  if (plugged === undefined || intermediates.length === 0)
    return { root: await folder.readSigner(name), intermediates, record };
  return {
    root: { name, certificate: readPemCertificate(plugged.rootPem), signer: undefined },
    intermediates,
    record,
  };
}

/**
 * Stores an authority that was handed in. Where its root's name is certified by the root before it, those who do not know
 * it yet accept what it signs all the same.
 */
export async function importRoot(
  factory: SignerFactory,
  plugged: PluggedAuthority,
  previous?: RootCertificate,
): Promise<RootSigners> {
  const { folder, trustDomain, nowMs } = factory;
  const { certificate, root, chain } = plugged;
  const isRoot = certificate.fingerprint === root.fingerprint;
  const name = `plugged-${plugged.fingerprint.slice(0, 12)}-${createSerial().slice(0, 6)}`;
  const signer = await folder.importSigner(name, certificate.pem, plugged.keyPem);
  const named = isRoot ? signer.signer : await readCertifiedName(root);
  return {
    root: isRoot ? signer : { name: `root-of-${name}`, certificate: root, signer: undefined },
    intermediates: isRoot ? [] : [signer],
    record: {
      name: isRoot ? name : `root-of-${name}`,
      intermediates: isRoot ? [] : [name],
      cross: await crossCertify(named, previous, trustDomain, root),
      neededUntilMs: undefined,
      plugged: { rootPem: root.pem, chainPem: chain.map(({ pem }) => pem), addedAtMs: nowMs },
    },
  };
}

/** Nothing that is issued outlives its issuer. */
export function withinIssuer(issuer: Certificate, wanted: Validity): Validity {
  return {
    notBeforeMs: Math.max(wanted.notBeforeMs, issuer.notBeforeMs),
    notAfterMs: Math.min(wanted.notAfterMs, issuer.notAfterMs),
  };
}

/** Undefined where there is no root before, or its key is not here. */
async function crossCertify(
  subject: Pick<Signer, 'name' | 'publicKey'>,
  previous: RootCertificate | undefined,
  trustDomain: string,
  wanted: Validity,
): Promise<RootRecord['cross']> {
  const signer = previous?.signer;
  if (previous === undefined || signer === undefined) return undefined;
  const validity = withinIssuer(previous.certificate, wanted);
  const pem = await createSigningCertificate({ subject, signer, trustDomain, validity });
  return { pem, by: previous.name };
}

/** For clocks that differ a little. */
const BACKDATE_MS = 120_000;
