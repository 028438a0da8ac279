import { describeError } from '../../../base/index.ts';
import { type CheckResult, resultsOf } from '../../check/check-result.ts';
import { applyObjects } from '../cluster/apply-objects.ts';
import type { Cluster, ObjectName } from '../cluster/cluster.ts';
import { type Manifest, NAMESPACE } from '../objects/manifest.ts';
import { GOING, GOING_HINT, isGoing } from './namespace-going.ts';
import { MONITORING_GROUP } from '../objects/installation.ts';
import type { InstallSettings } from '../objects/settings.ts';
import { oursOf, type StaleObject } from '../stale-objects.ts';
import { type MeshChoice, otherMeshes } from './other-meshes.ts';
import { trustDomainKept } from './trust-domain.ts';

const { ok, warning, failed, notSeen } = resultsOf('cluster');

/** What an installation is to be, and what an earlier one has left that goes with it. */
interface Plan {
  /** What they say about another mesh, and about Prometheus. */
  readonly settings: MeshChoice & Pick<InstallSettings, 'monitoring' | 'trustDomain'>;
  readonly stale: readonly StaleObject[];
}

/**
 * What is in the way of an installation. `planOf`: what it is to be, which may have to be read from the cluster first. Rejects with
 * KubernetesError when the cluster cannot be asked.
 */
export async function preflight(
  cluster: Cluster,
  objects: readonly Manifest[],
  planOf: () => Promise<Plan>,
): Promise<readonly CheckResult[]> {
  // Who may not read what is there may not install either, and is told so by the permissions.
  const plan = await planOf().catch((error: unknown) => describeError(error));
  const going = typeof plan === 'string' ? [] : oursOf(plan.stale);
  return [
    await kubernetesVersion(cluster),
    await gatewayApi(cluster),
    await istioKinds(cluster),
    ...(typeof plan === 'string' ? [] : await operatorKinds(cluster, plan)),
    ...(await permissions(cluster, objects, going)),
    ...(await namespaceGoing(cluster)),
    ...(await trustDomainSeen(cluster, plan)),
    ...(await otherMeshesSeen(cluster, plan)),
  ];
}

/** Told by a kind's schema rather than by a number: what counts is whether the API server knows the field that pods need. */
async function kubernetesVersion(cluster: Cluster): Promise<CheckResult> {
  const name = 'Kubernetes';
  // ValidatingAdmissionPolicy became stable in the same version as the pods' field appArmorProfile.
  const served = await cluster.api.resources('admissionregistration.k8s.io/v1');
  if (served?.some(({ kind }) => kind === 'ValidatingAdmissionPolicy') === true)
    return ok(name, '1.30 or newer');
  return failed(
    name,
    'older than 1.30',
    'upgrade the cluster: older ones do not know the field appArmorProfile',
  );
}

async function gatewayApi(cluster: Cluster): Promise<CheckResult> {
  const name = 'Gateway API';
  if (await cluster.serves('gateway.networking.k8s.io/v1')) return ok(name, 'its kinds are there');
  return warning(
    name,
    'its kinds are not there: no waypoints until they are',
    `${GATEWAY_API_HINT}; then run this command again`,
  );
}

/** Policies are objects of these kinds; without them the mesh encrypts, and refuses nobody. */
async function istioKinds(cluster: Cluster): Promise<CheckResult> {
  const name = "Istio's kinds";
  if (await cluster.serves('security.istio.io/v1')) return ok(name, 'they are there');
  return warning(
    name,
    'they are not there: no AuthorizationPolicy or PeerAuthentication until they are',
    'kubectl apply --server-side -k daemonset/istio-crds, from a clone of this repository; without Istio nothing else is needed',
  );
}

/** Of Prometheus' operator, where it is to be told of the mesh. */
async function operatorKinds(cluster: Cluster, { settings }: Plan): Promise<readonly CheckResult[]> {
  const name = "Prometheus' operator";
  if (!settings.monitoring) return [];
  if (await cluster.serves(`${MONITORING_GROUP}/v1`)) return [ok(name, 'its kinds are there')];
  return [
    warning(
      name,
      'its kinds are not there: no PodMonitor and no PrometheusRule until they are, only dashboards',
      'install the operator, then run this command again; without it: docs/operations.md',
    ),
  ];
}

/** Objects can still be changed in a namespace that is being deleted, and then go with it: everything would seem well. */
async function namespaceGoing(cluster: Cluster): Promise<readonly CheckResult[]> {
  return (await isGoing(cluster)) ? [failed(`namespace ${NAMESPACE}`, GOING, GOING_HINT)] : [];
}

async function permissions(
  cluster: Cluster,
  objects: readonly Manifest[],
  going: readonly ObjectName[],
): Promise<readonly CheckResult[]> {
  const refused = [
    ...(await refusedVerbs(cluster, objects, ['get', 'create', 'patch'])),
    ...(await refusedVerbs(cluster, going, ['delete'])),
  ];
  const name = 'permissions';
  const hint = 'installing takes the rights of cluster-admin: ask somebody who has them';
  if (refused.length > 0) return [failed(name, `you may not ${refused.join('; ')}`, hint)];
  const notOwned = await rightsNotOwned(cluster, objects);
  if (notOwned !== undefined)
    return [failed(name, `you may not give rights that you do not have: ${notOwned}`, hint)];
  return [ok(name, `all that ${objects.length} objects need`)];
}

/** One question for each kind of object and each thing that is done with it. */
async function refusedVerbs(
  cluster: Cluster,
  objects: readonly ObjectName[],
  verbs: readonly string[],
): Promise<readonly string[]> {
  const places = new Map<string, { group: string; resource: string; namespace: string | undefined }>();
  for (const object of objects) {
    const target = await cluster.targetOf(object);
    if (target === undefined) continue;
    const { group, plural } = target.resource;
    const { namespace } = target;
    places.set(`${group} ${plural} ${namespace ?? ''}`, { group, resource: plural, namespace });
  }
  const refused: string[] = [];
  for (const place of places.values()) {
    const lacking: string[] = [];
    for (const verb of verbs) if (!(await isAllowed(cluster, { ...place, verb }))) lacking.push(verb);
    if (lacking.length > 0)
      refused.push(`${lacking.join(', ')} ${place.resource}${place.group === '' ? '' : `.${place.group}`}`);
  }
  return refused;
}

/** Whoever writes a role must have what is in it himself, which only the attempt tells; nothing is written by it. */
async function rightsNotOwned(cluster: Cluster, objects: readonly Manifest[]): Promise<string | undefined> {
  for (const object of objects.filter(({ kind }) => kind === 'ClusterRole'))
    try {
      await applyObjects(cluster, [object], { dryRun: true });
    } catch (error) {
      const message = describeError(error);
      if (GRANTS.test(message)) return message.replaceAll(/\s+/g, ' ').slice(0, LONGEST_REFUSAL);
      // Whatever else is in the way of it is told when it is applied.
    }
  return undefined;
}

async function isAllowed(
  cluster: Cluster,
  resourceAttributes: { readonly namespace: string | undefined; readonly [name: string]: string | undefined },
): Promise<boolean> {
  const review = await cluster.api.create(
    { resource: REVIEWS },
    {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    },
  );
  return (review.status as { readonly allowed?: boolean } | undefined)?.allowed === true;
}

/** Who may not look for them may not install either. `plan`: or why there is none. */
async function otherMeshesSeen(cluster: Cluster, plan: Plan | string): Promise<readonly CheckResult[]> {
  if (typeof plan === 'string') return [notSeen('other meshes', plan)];
  try {
    return await otherMeshes(cluster, plan.settings);
  } catch (error) {
    return [notSeen('other meshes', describeError(error))];
  }
}

/** Where the authority may not be read, the controllers' log tells. */
async function trustDomainSeen(cluster: Cluster, plan: Plan | string): Promise<readonly CheckResult[]> {
  if (typeof plan === 'string') return [];
  try {
    return await trustDomainKept(cluster, plan.settings.trustDomain);
  } catch (error) {
    return [notSeen('trust domain', describeError(error))];
  }
}

/** As the API server words it. */
const GRANTS = /attempting to grant/;
const LONGEST_REFUSAL = 500;
const REVIEWS = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
};
/** How the kinds of the Gateway API get into a cluster. */
export const GATEWAY_API_HINT =
  'kubectl apply --server-side -f https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.4.0/standard-install.yaml';
