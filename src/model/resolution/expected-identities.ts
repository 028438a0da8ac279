import type { Service } from '../service.ts';
import { type SpiffeId, tryParseSpiffeId, type WorkloadIdentity } from '../spiffe-id.ts';
import type { Workload } from '../workload.ts';

const identities = new WeakMap<Workload, { readonly identity: WorkloadIdentity | undefined }>();
const alone = new WeakMap<Workload, ReadonlySet<SpiffeId>>();
const asEndpoint = new WeakMap<Workload, WeakMap<Service, ReadonlySet<SpiffeId>>>();

/** Who a workload of the view is; made once for each. Undefined when its names do not make a SPIFFE ID. */
export function identityOf(workload: Workload): WorkloadIdentity | undefined {
  const known = identities.get(workload);
  if (known !== undefined) return known.identity;
  const { trustDomain, namespace, serviceAccount } = workload;
  const identity = tryParseSpiffeId(`spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`);
  identities.set(workload, { identity });
  return identity;
}

/** Whom a client accepts at the other end: the workload, and the identities its service lists (wire.md §1.2). */
export function expectedIdentities(workload: Workload, service: Service | undefined): ReadonlySet<SpiffeId> {
  if (service === undefined || service.subjectAltNames.length === 0) {
    const known = alone.get(workload);
    if (known !== undefined) return known;
    const made = collect(workload, []);
    alone.set(workload, made);
    return made;
  }
  let byService = asEndpoint.get(workload);
  if (byService === undefined) {
    byService = new WeakMap();
    asEndpoint.set(workload, byService);
  }
  const known = byService.get(service);
  if (known !== undefined) return known;
  const made = collect(workload, service.subjectAltNames);
  byService.set(service, made);
  return made;
}

function collect(workload: Workload, names: readonly string[]): ReadonlySet<SpiffeId> {
  const accepted = new Set<SpiffeId>();
  const own = identityOf(workload);
  if (own !== undefined) accepted.add(own.id);
  for (const name of names) {
    const identity = tryParseSpiffeId(name);
    if (identity !== undefined) accepted.add(identity.id);
  }
  return accepted;
}
