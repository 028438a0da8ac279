import { type CheckResult, resultsOf } from '../../check/check-result.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { NAMESPACE } from '../objects/manifest.ts';

const { failed } = resultsOf('cluster');

/**
 * Whether the authority that is there, if any is, would serve this trust domain: no controller starts with another one, and ztunnels
 * would be replaced all the same. It is asked rather than the record of what was installed, for other means leave no record. Rejects
 * with KubernetesError.
 */
export async function trustDomainKept(cluster: Cluster, wanted: string): Promise<readonly CheckResult[]> {
  const found = await cluster.find({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: AUTHORITY, namespace: NAMESPACE },
  });
  const present = trustDomainIn(found?.data);
  if (present === undefined || present === wanted) return [];
  return [
    failed(
      'trust domain',
      `expected that of the mesh's authority (Secret ${NAMESPACE}/${AUTHORITY}), ${present}, got ${wanted}: no controller would start`,
      `--trust-domain ${present}; for another one, uninstall this mesh first`,
    ),
  ];
}

/** Undefined: it does not say. Controllers tell what is wrong with it. */
function trustDomainIn(data: unknown): string | undefined {
  const { [RECORD]: encoded } = Object(data) as Readonly<Record<string, unknown>>;
  if (typeof encoded !== 'string') return undefined;
  try {
    const record: unknown = JSON.parse(Buffer.from(encoded, 'base64').toString());
    const { trustDomain } = Object(record) as { readonly trustDomain?: unknown };
    return typeof trustDomain === 'string' ? trustDomain : undefined;
  } catch {
    return undefined; // damaged
  }
}

const AUTHORITY = 'nodemesh-authority';
const RECORD = 'authority.json';
