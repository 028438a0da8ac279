import { X509Certificate } from 'node:crypto';
import { parse } from 'yaml';
import { type CheckResult, resultsOf } from '../../check/check-result.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { NAMESPACE } from '../objects/manifest.ts';
import type { InstallSettings } from '../objects/settings.ts';

const { ok, warning, failed } = resultsOf('cluster');

/**
 * Whether our mesh and Istio's would believe each other, as --shared-roots says: the authority that ours is to have leads to a root
 * that Istio trusts, each trusts what the other does, and the trust domain is the same. `namespace`: one that has Istio's roots.
 * Rejects with KubernetesError.
 */
export async function sharedRoots(
  cluster: Cluster,
  namespace: string,
  { trustDomain }: Pick<InstallSettings, 'trustDomain'>,
): Promise<readonly CheckResult[]> {
  const theirs = certificatesIn(
    (await dataOf(cluster, 'ConfigMap', `${namespace}/${ISTIO_ROOTS}`))['root-cert.pem'],
  );
  const secret = await dataOf(cluster, 'Secret', `${NAMESPACE}/${OUR_AUTHORITY}`);
  const inSecret = (...keys: readonly string[]): readonly X509Certificate[] =>
    keys.flatMap((key) => certificatesIn(Buffer.from(secret[key] ?? '', 'base64').toString()));
  const ours = inSecret('root-cert.pem', 'ca.crt');
  const [signer] = inSecret('ca-cert.pem', 'tls.crt');
  const chain = inSecret('cert-chain.pem', 'tls.crt');
  return [
    compared({ ours, theirs, signer, chain }, namespace),
    ...sameTrustDomain(await trustDomainOf(cluster, namespace), trustDomain),
  ];
}

interface Anchors {
  readonly ours: readonly X509Certificate[];
  readonly theirs: readonly X509Certificate[];
  /** By which our authority signs; undefined: the Secret does not say. */
  readonly signer: X509Certificate | undefined;
  readonly chain: readonly X509Certificate[];
}

function compared({ ours, theirs, signer, chain }: Anchors, namespace: string): CheckResult {
  const where = `ConfigMap ${namespace}/${ISTIO_ROOTS}`;
  const expected = `expected a root that Istio trusts (${where}: ${named(theirs)})`;
  if (theirs.length === 0)
    return failed(
      NAME,
      `expected Istio's roots in ${where}, got none`,
      'wait until istiod has written it there',
    );
  if (ours.length === 0) return failed(NAME, `${expected}, got no root in ${SECRET}`, MAKE_IT_SO);
  const common = ours.filter((root) => has(theirs, root));
  if (common.length === 0)
    return failed(
      NAME,
      `${expected}, got ${named(ours)} in ${SECRET}: neither would believe the other`,
      MAKE_IT_SO,
    );
  if (signer !== undefined && !leadsTo(signer, chain, theirs))
    return failed(
      NAME,
      `${expected} above what signs in ${SECRET}, got ${named([signer])}, which leads to none: Istio would believe nobody of ours`,
      MAKE_IT_SO,
    );
  const unknown = theirs.filter((root) => !has(ours, root));
  if (unknown.length > 0)
    return warning(
      NAME,
      `Istio trusts ${named(unknown)} too, ours does not: whoever has a certificate under it is refused by our side`,
      `add it to root-cert.pem of ${SECRET}, unless Istio is about to forget it (docs/rotate-the-root.md)`,
    );
  return ok(NAME, `both trust ${named(common)}`);
}

/** A certificate of a root leads to itself. */
function leadsTo(
  signer: X509Certificate,
  chain: readonly X509Certificate[],
  roots: readonly X509Certificate[],
): boolean {
  let level = [signer];
  for (let depth = 0; depth < DEEPEST && level.length > 0; depth++) {
    if (level.some((one) => has(roots, one) || roots.some((root) => isBelow(one, root)))) return true;
    level = chain.filter((upper) =>
      level.some((one) => one.fingerprint256 !== upper.fingerprint256 && isBelow(one, upper)),
    );
  }
  return false;
}

function isBelow(one: X509Certificate, upper: X509Certificate): boolean {
  return one.checkIssued(upper) && one.verify(upper.publicKey);
}

function has(certificates: readonly X509Certificate[], one: X509Certificate): boolean {
  return certificates.some(({ fingerprint256 }) => fingerprint256 === one.fingerprint256);
}

/** `"CN=root" (SHA-256 1A:2B:3C:4D…)`: names alone are often the same. */
function named(certificates: readonly X509Certificate[]): string {
  return certificates
    .map(
      ({ subject, fingerprint256 }) =>
        `"${(subject ?? '').replaceAll('\n', ', ')}" (SHA-256 ${fingerprint256.slice(0, SHOWN_OF_FINGERPRINT)}…)`,
    )
    .join(' and ');
}

function certificatesIn(pem = ''): readonly X509Certificate[] {
  return [...pem.matchAll(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)].flatMap(([one]) => {
    try {
      return [new X509Certificate(one)];
    } catch {
      // What is no certificate is nobody's root.
      return [];
    }
  });
}

/** Of istiod's mesh configuration; undefined: it is not where it mostly is, and nothing is known. */
async function trustDomainOf(cluster: Cluster, namespace: string): Promise<string | undefined> {
  const { mesh } = await dataOf(cluster, 'ConfigMap', `${namespace}/istio`);
  if (mesh === undefined) return undefined;
  try {
    const { trustDomain = 'cluster.local' } = (parse(mesh) ?? {}) as { readonly trustDomain?: unknown };
    return String(trustDomain);
  } catch {
    // Istio is told so by Istio.
    return undefined;
  }
}

function sameTrustDomain(theirs: string | undefined, ours: string): readonly CheckResult[] {
  if (theirs === undefined || theirs === ours) return [];
  const seen = `expected Istio's, ${theirs}, got ${ours}: no policy would know who comes from the other mesh`;
  return [failed('trust domain', seen, `--trust-domain ${theirs}, or --no-shared-roots`)];
}

/** Empty where it is not there. */
async function dataOf(
  cluster: Cluster,
  kind: 'ConfigMap' | 'Secret',
  place: string,
): Promise<Readonly<Record<string, string | undefined>>> {
  const [namespace = '', name = ''] = place.split('/');
  const found = await cluster.find({ apiVersion: 'v1', kind, metadata: { name, namespace } });
  return (found?.data ?? {}) as Readonly<Record<string, string | undefined>>;
}

const NAME = 'shared roots';
const ISTIO_ROOTS = 'istio-ca-root-cert';
const OUR_AUTHORITY = 'nodemesh-ca';
const SECRET = `Secret ${NAMESPACE}/${OUR_AUTHORITY}`;
const MAKE_IT_SO =
  "make the Secret of Istio's authority first, or leave --shared-roots out (--no-shared-roots): docs/moving-from-istio.md";
const SHOWN_OF_FINGERPRINT = 11;
/** Longest chain that is followed. */
const DEEPEST = 8;
