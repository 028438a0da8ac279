import { ModelError } from './errors.ts';

/** `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`, checked. Only `identity`s carry one. */
export type SpiffeId = string & { readonly __brand: 'SpiffeId' };

/** Who a workload is. `id` is the same three parts as one URI, made once, so that it can key a Map. */
export interface WorkloadIdentity {
  readonly id: SpiffeId;
  readonly trustDomain: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

const SCHEME = 'spiffe://';
/** SPIFFE-ID §2.1: letters, digits, dots, dashes and underscores; we follow it in refusing upper case. */
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;
/** SPIFFE-ID §2.2: path segments are not empty, not dots alone, and of these characters. */
const SEGMENT = /^[A-Za-z0-9._-]{1,253}$/;

/** Takes exactly the five-part form; whatever else a SPIFFE ID may look like is not a workload of a mesh. */
export function parseSpiffeId(uri: string): WorkloadIdentity {
  const parts = uri.startsWith(SCHEME) ? uri.slice(SCHEME.length).split('/') : [];
  const [trustDomain = '', ns, namespace = '', sa, serviceAccount = ''] = parts;
  if (
    parts.length !== 5 ||
    ns !== 'ns' ||
    sa !== 'sa' ||
    !TRUST_DOMAIN.test(trustDomain) ||
    !isSegment(namespace) ||
    !isSegment(serviceAccount)
  ) {
    throw new ModelError({
      code: 'ERR_MODEL_SPIFFE_ID',
      blame: 'downstream',
      message: `expected spiffe://<trust domain>/ns/<namespace>/sa/<service account>, got ${JSON.stringify(uri)}`,
    });
  }
  return { id: uri as SpiffeId, trustDomain, namespace, serviceAccount };
}

/** As parseSpiffeId; undefined for what is not a workload's. */
export function tryParseSpiffeId(uri: string): WorkloadIdentity | undefined {
  try {
    return parseSpiffeId(uri);
  } catch (error) {
    if (error instanceof ModelError) return undefined;
    throw error;
  }
}

/** Throws ModelError when one of the parts cannot stand in a SPIFFE ID. */
export function workloadIdentity(parts: {
  readonly trustDomain: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}): WorkloadIdentity {
  return parseSpiffeId(`${SCHEME}${parts.trustDomain}/ns/${parts.namespace}/sa/${parts.serviceAccount}`);
}

/** The name as it is. Throws ERR_MODEL_TRUST_DOMAIN for one that cannot stand in a SPIFFE ID. */
export function checkTrustDomain(name: string): string {
  if (TRUST_DOMAIN.test(name)) return name;
  throw new ModelError({
    code: 'ERR_MODEL_TRUST_DOMAIN',
    blame: 'downstream',
    message: `expected a trust domain such as cluster.local, got ${JSON.stringify(name)}`,
  });
}

function isSegment(text: string): boolean {
  return SEGMENT.test(text) && text !== '.' && text !== '..';
}
