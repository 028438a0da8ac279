import type { AuthorizationPolicyObject } from '../../../objects/index.ts';
import type { Judged } from '../../../collections/index.ts';
import { DRY_RUN, type GuardCondition, isTrue, readTwin } from '../../../translate/index.ts';
import { type Finding, finding, OWN } from '../../messages/index.ts';
import type { AnalysedMesh, AnalysedObject } from '../../subject/index.ts';

/** What becomes of policies, and of ways to verify tokens, at node proxies and at waypoints. */
export function* analyzeEnforcement(mesh: AnalysedMesh): Iterable<Finding> {
  const { collections } = mesh.derived;
  for (const object of mesh.of('security.istio.io/AuthorizationPolicy')) {
    const key = `${object.namespace}/${object.name}`;
    const judged = collections.policyObjects.get(key);
    // What does not fit the schema has been said.
    if (judged === undefined || judged.faults.length > 0) continue;
    yield* nodeFindings(mesh, object, judged);
    yield* waypointFindings(object, collections.policyOutcomes.get(key)?.condition);
    if (isTrue(readTwin(object.annotations, DRY_RUN)))
      yield finding(OWN.DryRunPolicy, { object, path: ['metadata', 'annotations'] });
  }
  for (const object of mesh.of('security.istio.io/RequestAuthentication')) {
    const key = `${object.namespace}/${object.name}`;
    const judged = collections.objects.requestAuthentications.get(key);
    if (judged === undefined || judged.faults.length > 0) continue;
    const condition = collections.authenticationOutcomes.get(key)?.condition;
    if (judged.object.targetRefs.length > 0) yield* waypointFindings(object, condition);
    else
      yield finding(OWN.TargetRefRequired, { object, path: ['spec', 'selector'] }, condition?.message ?? '');
  }
}

function* nodeFindings(
  mesh: AnalysedMesh,
  object: AnalysedObject,
  { object: policy }: Judged<AuthorizationPolicyObject>,
): Iterable<Finding> {
  const warning = mesh.derived.collections.policies.get(`${object.namespace}/${object.name}`)?.warning;
  if (warning === undefined) return;
  const at = { object, path: ['spec', 'rules'] };
  if (policy.action === 'AUDIT' || policy.action === 'CUSTOM')
    yield finding(OWN.TargetRefRequired, { object, path: ['spec', 'action'] }, warning.message);
  else if (warning.reason === 'UnsupportedValue')
    yield finding(OWN.HttpRuleWithoutWaypoint, at, warning.message);
  else yield finding(OWN.PolicyNotUnderstood, at, warning.message);
}

function* waypointFindings(object: AnalysedObject, condition: GuardCondition | undefined): Iterable<Finding> {
  if (condition === undefined) return;
  const { status, reason, message } = condition;
  if (status === 'True' && reason !== 'PartiallyInvalid') return;
  const isValue = reason === 'Invalid' && /^(not understood|values that cannot be read)/.test(message);
  yield isValue
    ? finding(OWN.PolicyNotUnderstood, { object, path: ['spec'] }, message)
    : finding(OWN.PolicyTargetNotEnforced, { object, path: ['spec', 'targetRefs'] }, message);
}
