import { X509Certificate } from 'node:crypto';
import type { CertificateRecord, CertificateStatus } from '../../identity/index.ts';
import type { CertificateView } from '../../model/index.ts';

/** The certificates that a proxy holds, and once each the roots and intermediates that they lead to, as dashboards show them. */
export function certificateViews(
  held: readonly CertificateStatus[],
  proxy: string,
): readonly CertificateView[] {
  const authorities = new Map<string, CertificateView>();
  const note = (kind: 'root' | 'intermediate', record: CertificateRecord): void => {
    if (!authorities.has(record.serialNumber))
      authorities.set(record.serialNumber, authorityView(kind, record, proxy));
  };
  for (const { certChain, rootCerts } of held) {
    for (const record of rootCerts) note('root', record);
    for (const record of certChain.slice(1)) note('intermediate', record);
  }
  return [...held.map((status) => workloadView(status, proxy)), ...authorities.values()];
}

function workloadView(status: CertificateStatus, proxy: string): CertificateView {
  const [leaf] = status.certChain;
  return {
    kind: 'workload',
    name: status.identity,
    proxy,
    serial: leaf === undefined ? '' : hexadecimal(leaf.serialNumber),
    state: status.alarm ? 'past three quarters of its life' : status.state.toLowerCase(),
    notBeforeMs: leaf === undefined ? 0 : Date.parse(leaf.validFrom),
    notAfterMs: status.notAfterMs ?? 0,
    rotations: status.rotations,
  };
}

function authorityView(
  kind: 'root' | 'intermediate',
  record: CertificateRecord,
  proxy: string,
): CertificateView {
  return {
    kind,
    name: subjectOf(record),
    proxy,
    serial: hexadecimal(record.serialNumber),
    state: 'trusted',
    notBeforeMs: Date.parse(record.validFrom),
    notAfterMs: Date.parse(record.expirationTime),
    rotations: [],
  };
}

/** Read once for each record, which the store keeps. */
const subjects = new WeakMap<CertificateRecord, string>();

function subjectOf(record: CertificateRecord): string {
  const known = subjects.get(record);
  if (known !== undefined) return known;
  const { subject } = new X509Certificate(Buffer.from(record.pem, 'base64'));
  const text = subject.replaceAll('\n', ', ');
  subjects.set(record, text);
  return text;
}

function hexadecimal(decimal: string): string {
  return BigInt(decimal).toString(16).toUpperCase();
}
