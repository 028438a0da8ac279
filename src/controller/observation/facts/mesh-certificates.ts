import type { Authority } from '../../../identity/index.ts';
import type { CertificateView } from '../../../model/index.ts';
import type { ReportedProxy } from '../observation-service.ts';

/** Roots and intermediates of the authority itself, and what proxies hold for workloads. */
export function meshCertificates(
  authority: Pick<Authority, 'roots'>,
  reported: ReadonlyMap<string, ReportedProxy>,
): readonly CertificateView[] {
  const held = [...reported.values()].flatMap(({ state }) => state?.certificates ?? []);
  return [
    ...authority.roots().flatMap((root): readonly CertificateView[] => {
      const own = { proxy: 'controller', state: root.state, rotations: [] };
      const certificate: CertificateView = {
        ...own,
        kind: 'root',
        name: root.name,
        serial: root.fingerprint,
        notBeforeMs: root.notBeforeMs,
        notAfterMs: root.notAfterMs,
      };
      if (root.intermediate === undefined) return [certificate];
      const { serial, notBeforeMs, notAfterMs } = root.intermediate;
      return [
        certificate,
        { ...own, kind: 'intermediate', name: root.name, serial, notBeforeMs, notAfterMs },
      ];
    }),
    // The authority knows better of its own than who has been told.
    ...held.filter(({ kind }) => kind === 'workload' || kind === 'server'),
  ];
}
