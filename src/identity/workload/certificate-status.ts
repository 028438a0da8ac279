import type { SpiffeId } from '../../model/index.ts';
import { type Certificate, parsePemCertificates, readCertificate } from '../certificates/index.ts';
import type { Rotation } from './rotation-history.ts';
import type { Svid } from './svid.ts';

/** One certificate in the shape of wire.md §5.3 (`/config_dump`), which istioctl reads. */
export interface CertificateRecord {
  /** Base64 of the PEM text. */
  readonly pem: string;
  /** Decimal. */
  readonly serialNumber: string;
  /** RFC 3339. */
  readonly validFrom: string;
  readonly expirationTime: string;
}

/** Where an identity stands. The first four members are the wire's, the others ours. */
export interface CertificateStatus {
  readonly identity: SpiffeId;
  readonly state: 'Available' | 'Initializing' | 'Unavailable';
  readonly certChain: readonly CertificateRecord[];
  readonly rootCerts: readonly CertificateRecord[];
  /** How many workloads here hold it. */
  readonly holders: number;
  /** Past three quarters of its life: renewals fail. */
  readonly alarm: boolean;
  readonly rotatesAtMs: number | undefined;
  readonly notBeforeMs: number | undefined;
  readonly notAfterMs: number | undefined;
  /** Newest first, at most 20; since somebody here has held it. */
  readonly rotations: readonly Rotation[];
  /** Of the last attempt, when it failed. */
  readonly lastError: string | undefined;
}

/** Read once per certificate, since a dump may be asked for at any rate. */
export function describeSvid(svid: Svid | undefined): CertificateRecords {
  if (svid === undefined) return { certChain: [], rootCerts: [] };
  const known = RECORDS.get(svid);
  if (known !== undefined) return known;
  const records: CertificateRecords = {
    certChain: svid.chainPem.flatMap(recordsOf),
    rootCerts: svid.rootsPem.flatMap(recordsOf),
  };
  RECORDS.set(svid, records);
  return records;
}

type CertificateRecords = Pick<CertificateStatus, 'certChain' | 'rootCerts'>;

function recordsOf(pem: string): readonly CertificateRecord[] {
  return parsePemCertificates(pem).map((der) => recordOf(readCertificate(der)));
}

function recordOf(certificate: Certificate): CertificateRecord {
  return {
    pem: Buffer.from(certificate.pem).toString('base64'),
    serialNumber: BigInt(`0x${certificate.serial}`).toString(),
    validFrom: secondsTime(certificate.notBeforeMs),
    expirationTime: secondsTime(certificate.notAfterMs),
  };
}

function secondsTime(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

const RECORDS = new WeakMap<Svid, CertificateRecords>();
