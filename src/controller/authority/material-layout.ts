import { type AuthorityMaterial, IdentityError } from '../../identity/index.ts';

/**
 * An authority in the layout of Istio's `cacerts` (`ca-cert.pem`, `ca-key.pem`, `cert-chain.pem`, `root-cert.pem`) or of
 * cert-manager (`tls.crt`, `tls.key`, `ca.crt`); undefined where there is nothing of either.
 * @throws IdentityError ERR_IDENTITY_PLUGGED when only a part of one is there, or two different ones.
 */
export function materialOf(textOf: (name: string) => string | undefined): AuthorityMaterial | undefined {
  const [layout, other] = LAYOUTS.filter(
    ({ certificate, key }) => textOf(certificate) !== undefined || textOf(key) !== undefined,
  );
  if (layout === undefined) return undefined;
  // cert-manager keeps what it finds in a Secret: which of the two is meant nobody can tell.
  if (other !== undefined && textOf(layout.key) !== textOf(other.key))
    throw pluggedError(
      `expected one authority, got two: ${layout.certificate} with ${layout.key}, and ${other.certificate} with ${other.key}; take one of them away`,
    );
  const text = (name: string): string => {
    const found = textOf(name);
    if (found !== undefined && found.trim() !== '') return found;
    throw pluggedError(
      `expected ${layout.certificate}, ${layout.key} and ${layout.roots} of an authority, got no ${name}`,
    );
  };
  return {
    certificatePem: text(layout.certificate),
    keyPem: text(layout.key),
    chainPem: layout.chain === undefined ? '' : (textOf(layout.chain) ?? ''),
    rootsPem: text(layout.roots),
  };
}

/** The texts of an authority that signs itself, in the layout of `cacerts`. */
export function cacertsOf(material: AuthorityMaterial): Readonly<Record<string, string>> {
  return {
    'ca-cert.pem': material.certificatePem,
    'ca-key.pem': material.keyPem,
    'cert-chain.pem': material.chainPem,
    'root-cert.pem': material.rootsPem,
  };
}

function pluggedError(message: string): IdentityError {
  return new IdentityError({ code: 'ERR_IDENTITY_PLUGGED', blame: 'local', message });
}

const LAYOUTS = [
  { certificate: 'ca-cert.pem', key: 'ca-key.pem', chain: 'cert-chain.pem', roots: 'root-cert.pem' },
  { certificate: 'tls.crt', key: 'tls.key', chain: undefined, roots: 'ca.crt' },
] as const;
