import type { Attachment } from '../../../model/index.ts';
import type { AuthorizationPolicyObject, RequestAuthenticationObject } from '../../objects/index.ts';
import { conditionOfBindings, type GuardOutcome, notUnderstoodCondition } from './guard-outcome.ts';
import type { PolicyBinding } from './policy-bindings.ts';
import { refusalOfAuthentication, translateRequestAuthentication } from './request-authentication.ts';
import { type RequestPolicyContext, refusingPolicy, translateRequestPolicy } from './request-policy.ts';

/** Where the targetRefs of an object lead. */
export interface GuardTargets {
  readonly bindings: readonly PolicyBinding[];
  /** All that they could mean, for an object whose targetRefs cannot be read. */
  everything(): readonly Attachment[];
}

interface Judged<T> {
  readonly object: T;
  readonly faults: readonly string[];
}

/** What becomes of a policy at waypoints; undefined for one without targetRefs, which is for node proxies alone. */
export function guardPolicy(
  { object, faults }: Judged<AuthorizationPolicyObject>,
  targets: GuardTargets,
  context: Omit<RequestPolicyContext, 'attachments'>,
): GuardOutcome | undefined {
  if (object.targetRefs.length === 0) return undefined;
  const attachments = reachOf(targets, faults);
  if (faults.length > 0) {
    const policy = refusingPolicy(object, attachments, faults);
    return {
      resource: attached({ kind: 'authorization', policy }),
      condition: notUnderstoodCondition(faults),
    };
  }
  const { policy, unreadable, problems } = translateRequestPolicy(object, { ...context, attachments });
  const resource = attached({ kind: 'authorization', policy });
  if (problems.length > 0) return { resource, condition: notUnderstoodCondition(problems) };
  if (unreadable.length === 0) return { resource, condition: conditionOfBindings(targets.bindings) };
  const values = unreadable.map((value) => JSON.stringify(value)).join(', ');
  const effect = object.action === 'ALLOW' ? 'match nothing' : 'match everything';
  const message = `values that cannot be read (${values}) ${effect}`;
  return { resource, condition: { status: 'False', reason: 'Invalid', message } };
}

/** Only waypoints verify tokens, so one without targetRefs does nothing, which its author is told. */
export function guardAuthentication(
  { object, faults }: Judged<RequestAuthenticationObject>,
  targets: GuardTargets,
): GuardOutcome {
  const attachments = reachOf(targets, faults);
  if (faults.length > 0) {
    const policy = refusalOfAuthentication(object, attachments, faults);
    return {
      resource: attached({ kind: 'authorization', policy }),
      condition: notUnderstoodCondition(faults),
    };
  }
  if (object.targetRefs.length === 0) {
    const message =
      'has no effect: only waypoints verify tokens, and it needs targetRefs to be attached to them';
    return { resource: undefined, condition: { status: 'False', reason: 'Invalid', message } };
  }
  const { authentication, problems } = translateRequestAuthentication(object, attachments);
  if (problems.length > 0) {
    const policy = refusalOfAuthentication(object, attachments, problems);
    return {
      resource: attached({ kind: 'authorization', policy }),
      condition: notUnderstoodCondition(problems),
    };
  }
  const resource = attached({ kind: 'authentication', authentication });
  return { resource, condition: conditionOfBindings(targets.bindings) };
}

/** Where references themselves are at fault, all that they could have meant is too. */
function reachOf({ bindings, everything }: GuardTargets, faults: readonly string[]): readonly Attachment[] {
  const known = bindings.flatMap(({ attachment }) => attachment ?? []);
  return faults.some((fault) => fault.startsWith('spec.targetRef')) ? [...known, ...everything()] : known;
}

/** What is attached to nothing is not sent to anybody. */
function attached(resource: NonNullable<GuardOutcome['resource']>): GuardOutcome['resource'] {
  switch (resource.kind) {
    case 'authorization':
      return resource.policy.attachments.length === 0 ? undefined : resource;
    case 'authentication':
      return resource.authentication.attachments.length === 0 ? undefined : resource;
    default:
      return resource;
  }
}
