import type { Authority } from '../../../identity/index.ts';
import { type CertificateView, tryParseSpiffeId } from '../../../model/index.ts';
import type { MeshCollections } from '../../collections/index.ts';
import type { ReportedProxy } from '../observation-service.ts';

/** Roots and intermediates of the authority itself, and what proxies hold for workloads. */
export function meshCertificates(
  authority: Pick<Authority, 'roots'>,
  reported: ReadonlyMap<string, ReportedProxy>,
  collections: Pick<MeshCollections, 'pods' | 'podsOf'>,
): readonly CertificateView[] {
  // Of others nobody is believed, nor has he their certificates.
  const held = [...reported].flatMap(([proxy, { state }]) =>
    (state?.certificates ?? []).filter(({ name }) => mayHold(collections, proxy, name)),
  );
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

/** A node's proxy has those of the pods on its node, a waypoint its own. */
function mayHold(
  { pods, podsOf }: Pick<MeshCollections, 'pods' | 'podsOf'>,
  proxy: string,
  name: string,
): boolean {
  const identity = tryParseSpiffeId(name);
  if (identity === undefined) return false;
  const { namespace, serviceAccount } = identity;
  if (proxy.startsWith(ZTUNNEL))
    return podsOf(proxy.slice(ZTUNNEL.length), namespace, serviceAccount).length > 0;
  const pod = pods.get(proxy.replace(/^waypoint\//, ''));
  return pod?.meta.namespace === namespace && pod.serviceAccount === serviceAccount;
}

const ZTUNNEL = 'ztunnel/';
