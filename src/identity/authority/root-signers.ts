import { randomBytes } from 'node:crypto';
import { type Certificate, createSerial } from '../certificates/index.ts';
import type { AuthorityFolder, RootRecord, StoredSigner } from './authority-folder.ts';
import { createSigningCertificate, type Signer, type Validity } from './certificate-profiles.ts';

/** One root with the intermediates below it, loaded. */
export interface RootSigners {
  readonly root: StoredSigner;
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
  return root.intermediates.at(-1) ?? root.root;
}

/** Everybody who may have signed a certificate that is still in use. */
export function allSigners(root: RootSigners): readonly StoredSigner[] {
  return [root.root, ...root.intermediates];
}

/** Makes a root, its intermediate where wanted, and its cross-certificate by the root before it, if there is one. */
export async function createRoot(factory: SignerFactory, previous?: StoredSigner): Promise<RootSigners> {
  const { folder, trustDomain, lifetimes, nowMs } = factory;
  const id = randomBytes(6).toString('hex');
  const validity = { notBeforeMs: nowMs - BACKDATE_MS, notAfterMs: nowMs + lifetimes.rootMs };
  const root = await folder.createSigner(`root-${id}`, `CN=nodemesh root ${id}`, (signer) =>
    createSigningCertificate({ subject: signer, signer, trustDomain, validity }),
  );
  const record: RootRecord = {
    name: root.name,
    intermediates: [],
    cross: previous === undefined ? undefined : await crossCertify(root, previous, trustDomain, validity),
    neededUntilMs: undefined,
  };
  const bare: RootSigners = { root, intermediates: [], record };
  return lifetimes.intermediateMs === undefined ? bare : renewIntermediate(factory, bare);
}

/** Puts a new intermediate in charge; those that have expired are forgotten. */
export async function renewIntermediate(factory: SignerFactory, root: RootSigners): Promise<RootSigners> {
  const { folder, trustDomain, lifetimes, nowMs } = factory;
  const id = createSerial().slice(0, 12);
  const validity = within(root.root.certificate, {
    notBeforeMs: nowMs - BACKDATE_MS,
    notAfterMs: nowMs + (lifetimes.intermediateMs ?? 0),
  });
  const signer = root.root.signer;
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
  if (certificate === undefined) return false;
  return (certificate.notAfterMs - nowMs) * 3 < certificate.notAfterMs - certificate.notBeforeMs;
}

/** @throws IdentityError ERR_IDENTITY_AUTHORITY when a file is missing or damaged. */
export async function loadRoot(folder: AuthorityFolder, record: RootRecord): Promise<RootSigners> {
  const intermediates: StoredSigner[] = [];
  for (const name of record.intermediates) intermediates.push(await folder.readSigner(name));
  return { root: await folder.readSigner(record.name), intermediates, record };
}

/** Nothing that is issued outlives its issuer. */
export function within(issuer: Certificate, wanted: Validity): Validity {
  return {
    notBeforeMs: Math.max(wanted.notBeforeMs, issuer.notBeforeMs),
    notAfterMs: Math.min(wanted.notAfterMs, issuer.notAfterMs),
  };
}

async function crossCertify(
  subject: StoredSigner,
  previous: StoredSigner,
  trustDomain: string,
  wanted: Validity,
): Promise<RootRecord['cross']> {
  const signer: Signer = previous.signer;
  const validity = within(previous.certificate, wanted);
  const pem = await createSigningCertificate({ subject: subject.signer, signer, trustDomain, validity });
  return { pem, by: previous.name };
}

/** For clocks that differ a little. */
const BACKDATE_MS = 120_000;
