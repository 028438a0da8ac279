import { parseSpiffeId, type TrustBundle } from '../../model/index.ts';
import { parsePemCertificates, readCertificate } from '../certificates/index.ts';
import { IdentityError } from '../errors.ts';
import { acceptIssued, type SvidMaterial } from './svid.ts';

/** What a store gives to the file that outlives it: text with private keys, for `writePrivateFile` only. */
export interface SavedState {
  readonly bundle: TrustBundle | undefined;
  readonly materials: readonly SvidMaterial[];
}

/** The counterpart of `parseState`; JSON, private keys included. */
export function formatState(state: SavedState): string {
  const document: StateDocument = {
    version: 1,
    bundle: state.bundle,
    svids: state.materials.map((material) => ({
      identity: material.identity.id,
      privateKeyPem: material.privateKeyPem,
      chainPem: [material.leaf, ...material.intermediates].map((certificate) => certificate.pem),
      rootsPem: material.issuedRootsPem,
      receivedAtMs: material.receivedAtMs,
    })),
  };
  return JSON.stringify(document);
}

/**
 * Reads back what `formatState` wrote; what expired meanwhile is left out, everything else is checked as if newly
 * issued.
 * @throws IdentityError ERR_IDENTITY_STATE.
 */
export function parseState(text: string, nowMs: number): SavedState {
  try {
    const document = JSON.parse(text) as StateDocument;
    if (document.version !== 1) throw new Error(`version 1 expected, got ${String(document.version)}`);
    const materials: SvidMaterial[] = [];
    for (const saved of document.svids) {
      const [leafPem = ''] = saved.chainPem;
      const leaf = parsePemCertificates(leafPem).map(readCertificate)[0];
      if (leaf === undefined || leaf.notAfterMs <= nowMs) continue;
      const material = acceptIssued({
        chainPem: [...saved.chainPem, saved.rootsPem.join('')],
        identity: parseSpiffeId(saved.identity),
        privateKeyPem: saved.privateKeyPem,
        knownRoots: [],
        nowMs,
      });
      materials.push({ ...material, receivedAtMs: Math.min(saved.receivedAtMs, nowMs) });
    }
    return { bundle: document.bundle, materials };
  } catch (error) {
    throw new IdentityError({
      code: 'ERR_IDENTITY_STATE',
      blame: 'local',
      message: 'expected saved certificates, got something that cannot be read back',
      hint: 'remove the file: certificates are then fetched again',
      cause: error,
    });
  }
}

interface StateDocument {
  readonly version: 1;
  readonly bundle: TrustBundle | undefined;
  readonly svids: readonly {
    readonly identity: string;
    readonly privateKeyPem: string;
    readonly chainPem: readonly string[];
    readonly rootsPem: readonly string[];
    readonly receivedAtMs: number;
  }[];
}
