import {
  type Certificate,
  createKeyPair,
  readPemCertificate,
  readSignerKeys,
} from '../certificates/index.ts';
import { IdentityError } from '../errors.ts';
import type { AuthorityFiles } from './authority-files.ts';
import type { Signer } from './certificate-profiles.ts';

/** A certificate with its key, kept as two files `<name>.pem` and `<name>.key`. */
export interface StoredSigner {
  /** Of the files, and of the signer wherever an operator names one. */
  readonly name: string;
  readonly certificate: Certificate;
  readonly signer: Signer;
}

/** What `authority.json` holds: which of the files count, and how. */
export interface AuthorityRecord {
  readonly version: 1;
  readonly trustDomain: string;
  readonly roots: readonly RootRecord[];
  /** The name of the root that signs. */
  readonly activeRoot: string;
  readonly revoked: readonly { readonly serial: string; readonly atMs: number; readonly untilMs: number }[];
  /** Once on, lists are served for good: going back would let revoked certificates in again. */
  readonly revocation: boolean;
  /** The authority that was handed in last, by its fingerprint: only another one is news. */
  readonly pluggedLast?: string | undefined;
}

/** One root of the record: its files, and how it stands in a rotation. */
export interface RootRecord {
  readonly name: string;
  /** Newest last; that one signs. Older ones only sign revocation lists. */
  readonly intermediates: readonly string[];
  /** The root's key certified by the root before it, for peers that do not know the new root yet. */
  readonly cross: { readonly pem: string; readonly by: string } | undefined;
  /** Set when another root became active: until when certificates under this one may be in use. */
  readonly neededUntilMs: number | undefined;
  /** Set for an authority that was handed in: its root's key need not be here, and nobody here renews it. */
  readonly plugged?: PluggedRecord | undefined;
}

/** What was handed in beside the certificate that signs and its key. */
export interface PluggedRecord {
  /** Of the root. */
  readonly rootPem: string;
  /** What stands between the signing certificate and the root, in this order. */
  readonly chainPem: readonly string[];
  readonly addedAtMs: number;
}

/** The authority's files, wherever they are. Private keys enter memory here only, as CryptoKeys that cannot be exported. */
export interface AuthorityFolder {
  /** @throws IdentityError ERR_IDENTITY_AUTHORITY when the record is damaged. */
  readRecord(): Promise<AuthorityRecord | undefined>;
  /** With `exclusive`, only when there is none yet; false: another was first, or has written since it was read. */
  writeRecord(record: AuthorityRecord, options?: { readonly exclusive?: boolean }): Promise<boolean>;
  readSigner(name: string): Promise<StoredSigner>;
  /** Makes a key and lets `certify` make its certificate, then stores both. */
  createSigner(
    name: string,
    commonName: string,
    certify: (signer: Signer) => Promise<string>,
  ): Promise<StoredSigner>;
  /** Stores a certificate and its key as they are. */
  importSigner(name: string, pem: string, keyPem: string): Promise<StoredSigner>;
  removeSigner(name: string): Promise<void>;
}

/** What is in these files. */
export function createAuthorityFolder(files: AuthorityFiles): AuthorityFolder {
  const { place } = files;
  async function importSigner(name: string, pem: string, keyPem: string): Promise<StoredSigner> {
    const signer = await readSigner(name, pem, keyPem);
    await files.write(`${name}.key`, keyPem, { exclusive: true });
    await files.write(`${name}.pem`, pem, { exclusive: true });
    return signer;
  }
  return {
    importSigner,
    async readRecord() {
      const text = await files.read(RECORD_FILE);
      return text === undefined ? undefined : parseRecord(text, place);
    },
    writeRecord: (record, options) =>
      files.write(RECORD_FILE, `${JSON.stringify(record, undefined, 2)}\n`, options),
    async readSigner(name) {
      const pem = await files.read(`${name}.pem`);
      const key = await files.read(`${name}.key`);
      if (pem === undefined || key === undefined)
        throw authorityError(`expected ${name}.pem and ${name}.key in ${place}, got not both`);
      return readSigner(name, pem, key);
    },
    async createSigner(name, commonName, certify) {
      const { keys, privateKeyPem } = await createKeyPair();
      return importSigner(name, await certify({ name: commonName, ...keys }), privateKeyPem);
    },
    async removeSigner(name) {
      for (const file of [`${name}.key`, `${name}.pem`]) await files.remove(file);
    },
  };
}

async function readSigner(name: string, pem: string, keyPem: string): Promise<StoredSigner> {
  try {
    const certificate = readPemCertificate(pem);
    return { name, certificate, signer: await readSignerKeys(certificate, keyPem) };
  } catch (error) {
    throw authorityError(
      `expected a certificate and its key (P-256, P-384 or RSA) in ${name}.pem and .key, got others`,
      error,
    );
  }
}

function parseRecord(text: string, place: string): AuthorityRecord {
  try {
    const record: unknown = JSON.parse(text);
    if (!isRecord(record)) throw new Error('members are missing or of another kind');
    return record;
  } catch (error) {
    throw authorityError(
      `expected the record of an authority (${RECORD_FILE}) in ${place}, got something else`,
      error,
    );
  }
}

function isRecord(value: unknown): value is AuthorityRecord {
  const record = value as AuthorityRecord | null;
  return (
    record?.version === 1 &&
    typeof record.trustDomain === 'string' &&
    Array.isArray(record.roots) &&
    record.roots.every((root) => typeof root.name === 'string' && Array.isArray(root.intermediates)) &&
    record.roots.some((root) => root.name === record.activeRoot) &&
    Array.isArray(record.revoked)
  );
}

/** An ERR_IDENTITY_AUTHORITY, blamed on this process and its files. */
export function authorityError(message: string, cause?: unknown): IdentityError {
  return new IdentityError({ code: 'ERR_IDENTITY_AUTHORITY', blame: 'local', message, cause });
}

/** The only file of an authority that is ever written again. */
const RECORD_FILE = 'authority.json';
