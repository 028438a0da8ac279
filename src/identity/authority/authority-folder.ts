import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Certificate,
  type CryptoKey,
  ensurePrivateFolder,
  formatPem,
  KEY_ALGORITHM,
  parseSinglePem,
  readPemCertificate,
  readPrivateFile,
  writePrivateFile,
} from '../certificates/index.ts';
import { IdentityError } from '../errors.ts';
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
}

/** The authority's files. Private keys enter and leave memory here only, and as CryptoKeys that cannot be exported. */
export interface AuthorityFolder {
  /** @throws IdentityError ERR_IDENTITY_AUTHORITY when the record is damaged. */
  readRecord(): Promise<AuthorityRecord | undefined>;
  /** With `exclusive`, only when there is none yet; false: another was first. */
  writeRecord(record: AuthorityRecord, options?: { readonly exclusive?: boolean }): Promise<boolean>;
  readSigner(name: string): Promise<StoredSigner>;
  /** Makes a key and lets `certify` make its certificate, then stores both. */
  createSigner(
    name: string,
    commonName: string,
    certify: (signer: Signer) => Promise<string>,
  ): Promise<StoredSigner>;
  removeSigner(name: string): Promise<void>;
}

/** @throws IdentityError ERR_IDENTITY_FILE when the folder is open to others. */
export async function openAuthorityFolder(path: string): Promise<AuthorityFolder> {
  await ensurePrivateFolder(path);
  const recordPath = join(path, RECORD_FILE);
  return {
    async readRecord() {
      const text = await readPrivateFile(recordPath);
      return text === undefined ? undefined : parseRecord(text, recordPath);
    },
    writeRecord: (record, options) =>
      writePrivateFile(recordPath, `${JSON.stringify(record, undefined, 2)}\n`, options),
    async readSigner(name) {
      const pem = await readPrivateFile(join(path, `${name}.pem`));
      const key = await readPrivateFile(join(path, `${name}.key`));
      if (pem === undefined || key === undefined)
        throw authorityError(`expected ${name}.pem and ${name}.key in ${path}, got not both`);
      return readSigner(name, pem, key);
    },
    async createSigner(name, commonName, certify) {
      const keys = await crypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
      const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey));
      const pem = await certify({ name: commonName, ...keys });
      const keyPem = formatPem('PRIVATE KEY', pkcs8);
      await writePrivateFile(join(path, `${name}.key`), keyPem, { exclusive: true });
      await writePrivateFile(join(path, `${name}.pem`), pem, { exclusive: true });
      return readSigner(name, pem, keyPem);
    },
    async removeSigner(name) {
      for (const file of [`${name}.key`, `${name}.pem`]) await rm(join(path, file), { force: true });
    },
  };
}

async function readSigner(name: string, pem: string, keyPem: string): Promise<StoredSigner> {
  try {
    const certificate = readPemCertificate(pem);
    const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
    const publicKey = await crypto.subtle.importKey('spki', new Uint8Array(spki), KEY_ALGORITHM, true, [
      'verify',
    ]);
    const pkcs8 = new Uint8Array(parseSinglePem(keyPem, ['PRIVATE KEY']));
    const privateKey = await crypto.subtle.importKey('pkcs8', pkcs8, KEY_ALGORITHM, false, ['sign']);
    await checkPair(publicKey, privateKey);
    return { name, certificate, signer: { name: subjectName(certificate), publicKey, privateKey } };
  } catch (error) {
    throw authorityError(
      `expected a certificate and its P-256 key in ${name}.pem and .key, got others`,
      error,
    );
  }
}

/** A key that does not fit would sign certificates that nobody accepts. */
async function checkPair(publicKey: CryptoKey, privateKey: CryptoKey): Promise<void> {
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  const probe = crypto.getRandomValues(new Uint8Array(32));
  const signature = await crypto.subtle.sign(algorithm, privateKey, probe);
  if (await crypto.subtle.verify(algorithm, publicKey, signature, probe)) return;
  throw new Error('the key is not that of the certificate');
}

/** Our own subjects are plain ASCII without characters to escape, one attribute a line as Node prints them. */
function subjectName(certificate: Certificate): string {
  return certificate.subject.split('\n').join(',');
}

function parseRecord(text: string, path: string): AuthorityRecord {
  try {
    const record: unknown = JSON.parse(text);
    if (!isRecord(record)) throw new Error('members are missing or of another kind');
    return record;
  } catch (error) {
    throw authorityError(`expected the record of an authority in ${path}, got something else`, error);
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

const RECORD_FILE = 'authority.json';
