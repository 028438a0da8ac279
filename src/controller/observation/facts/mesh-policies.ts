import type { PolicyView } from '../../../model/index.ts';
import type { MeshCollections } from '../../collections/index.ts';
import type { LabelSelector, ObjectMeta, PolicyTargetReference } from '../../objects/index.ts';
import { staticStrictPolicy } from '../../translate/index.ts';
import type { ReportedProxy } from '../observation-service.ts';

type Decisions = Pick<PolicyView, 'allowed' | 'denied' | 'wouldDeny' | 'wouldAllow'>;

/** Policies as they were written, with what is wrong about them and what all proxies together decided by them. */
export function meshPolicies(
  collections: MeshCollections,
  reported: ReadonlyMap<string, ReportedProxy>,
  rootNamespace: string,
): readonly PolicyView[] {
  const views: PolicyView[] = [];
  const byProxies = addUp(reported);
  const add = (
    meta: ObjectMeta,
    parts: Pick<PolicyView, 'kind' | 'action' | 'problem'> & {
      readonly selector: LabelSelector | undefined;
      readonly targetRefs?: readonly PolicyTargetReference[];
    },
  ): void => {
    const { namespace, name } = meta;
    const { kind, action, problem } = parts;
    const seen = byProxies.get(keyOf({ namespace, name, kind }));
    byProxies.delete(keyOf({ namespace, name, kind }));
    const { allowed, denied, wouldDeny, wouldAllow } = seen ?? NONE;
    views.push({
      namespace,
      name,
      kind,
      action,
      problem,
      scope: scopeText(namespace === rootNamespace, parts.selector, parts.targetRefs ?? []),
      dryRun: DRY_RUN.some((annotation) => meta.annotations.get(annotation) === 'true'),
      allowed,
      denied,
      wouldDeny,
      wouldAllow,
    });
  };

  for (const { object, faults } of collections.policyObjects.values()) {
    const key = `${object.meta.namespace}/${object.meta.name}`;
    const warning = collections.policies.get(key)?.warning?.message;
    const condition = collections.policyOutcomes.get(key)?.condition;
    const rejected = condition?.status === 'False' ? condition.message : undefined;
    add(object.meta, { ...object, problem: faults.join('; ') || (warning ?? rejected ?? '') });
  }
  for (const { object, faults } of collections.peerObjects.values())
    add(object.meta, { ...object, action: object.mode, problem: faults.join('; ') });
  for (const { object, faults } of collections.objects.requestAuthentications.values()) {
    const key = `${object.meta.namespace}/${object.meta.name}`;
    const condition = collections.authenticationOutcomes.get(key)?.condition;
    const rejected = condition?.status === 'False' ? condition.message : '';
    add(object.meta, { ...object, action: 'JWT', problem: faults.join('; ') || rejected });
  }
  // What proxies decide by and has no view of its own yet: made of PeerAuthentications, say. What nobody has told them is a lie.
  return [
    ...views,
    ...[...byProxies.values()].filter((policy) => isTold(collections, rootNamespace, policy)),
  ];
}

function isTold(
  { peerPolicies, objects }: MeshCollections,
  rootNamespace: string,
  { kind, namespace, name }: PolicyView,
): boolean {
  const key = `${namespace}/${name}`;
  if (kind === 'RateLimit') return objects.rateLimits.get(key) !== undefined;
  if (kind !== 'AuthorizationPolicy') return false;
  return key === staticStrictPolicy(rootNamespace).key || peerPolicies.get(key) !== undefined;
}

/** What proxies decided, each policy once. */
function addUp(reported: ReadonlyMap<string, ReportedProxy>): Map<string, PolicyView> {
  const sums = new Map<string, PolicyView>();
  for (const { state } of reported.values()) {
    for (const policy of state?.policies ?? []) {
      const sum = sums.get(keyOf(policy));
      sums.set(keyOf(policy), sum === undefined ? policy : { ...sum, ...added(sum, policy) });
    }
  }
  return sums;
}

function added(a: Decisions, b: Decisions): Decisions {
  return {
    allowed: a.allowed + b.allowed,
    denied: a.denied + b.denied,
    wouldDeny: a.wouldDeny + b.wouldDeny,
    wouldAllow: a.wouldAllow + b.wouldAllow,
  };
}

function scopeText(
  isRoot: boolean,
  selector: LabelSelector | undefined,
  targets: readonly PolicyTargetReference[],
): string {
  if (targets.length > 0) return targets.map(({ kind, name }) => `${kind} ${name}`).join(', ');
  if (selector !== undefined) return [...selector].map(([key, value]) => `${key}=${value}`).join(', ');
  return isRoot ? 'the whole mesh' : 'the whole namespace';
}

function keyOf({ kind, namespace, name }: Pick<PolicyView, 'kind' | 'namespace' | 'name'>): string {
  return `${kind}/${namespace}/${name}`;
}

const NONE: Decisions = { allowed: 0, denied: 0, wouldDeny: 0, wouldAllow: 0 };
const DRY_RUN = ['istio.io/dry-run', 'nodemesh.io/dry-run'];
