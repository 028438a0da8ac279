import type { CertificateView } from '../../model/index.ts';
import type { Health } from './health.ts';

/** How much of its life is over: 0 before it begins, 1 when it has ended; undefined when its beginning is not known. */
export function lifeUsed(
  certificate: Pick<CertificateView, 'notBeforeMs' | 'notAfterMs'>,
  nowMs: number,
): number | undefined {
  if (certificate.notBeforeMs === 0) return undefined;
  const life = certificate.notAfterMs - certificate.notBeforeMs;
  return life <= 0 ? 1 : Math.min(1, Math.max(0, (nowMs - certificate.notBeforeMs) / life));
}

/**
 * What to think of a certificate. Those of workloads and servers are renewed at half of their life: past 75 % something is
 * wrong, past 90 % it is urgent. Roots and intermediates are changed by people: 30 and 7 days before their end.
 */
export function certificateHealth(
  certificate: Pick<CertificateView, 'kind' | 'notBeforeMs' | 'notAfterMs' | 'rotations'>,
  nowMs: number,
): Health {
  if (certificate.notAfterMs <= nowMs) return 'bad';
  if (certificate.kind === 'root' || certificate.kind === 'intermediate') {
    const days = (certificate.notAfterMs - nowMs) / 86_400_000;
    return days < 7 ? 'bad' : days < 30 ? 'warn' : 'good';
  }
  const used = lifeUsed(certificate, nowMs) ?? 0;
  if (used > 0.9) return 'bad';
  return used > 0.75 || certificate.rotations[0]?.outcome === 'failed' ? 'warn' : 'good';
}

/** Its state in words: what its holder said, unless time has passed over that, as it does where a holder no longer reports. */
export function certificateState(
  certificate: Pick<CertificateView, 'kind' | 'state' | 'notBeforeMs' | 'notAfterMs' | 'rotations'>,
  nowMs: number,
): string {
  const health = certificateHealth(certificate, nowMs);
  if (health !== 'warn' && health !== 'bad') return certificate.state;
  if (certificate.notAfterMs <= nowMs) return 'expired';
  if (certificate.kind === 'root' || certificate.kind === 'intermediate') return 'ends soon';
  return (lifeUsed(certificate, nowMs) ?? 0) > 0.75 ? 'past three quarters of its life' : 'not renewed';
}
