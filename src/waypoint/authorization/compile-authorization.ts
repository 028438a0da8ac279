import type { WaypointResource } from '../../model/index.ts';
import { type AttachmentTarget, holdsFor } from '../plan/attachment-target.ts';
import { askedAttributes } from './asked-attributes.ts';
import { type AuthorizationPlan, NO_AUTHORIZATION } from './authorization-plan.ts';

/** All policies that hold for the target, in the order of their names, and whom they may ask. */
export function compileAuthorization(
  target: AttachmentTarget,
  resources: readonly WaypointResource[],
): AuthorizationPlan {
  const policies = resources
    .flatMap((resource) =>
      resource.kind === 'authorization' && holdsFor(resource, target) ? [resource.policy] : [],
    )
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  if (policies.length === 0) return NO_AUTHORIZATION;
  const authorizers = resources.flatMap((resource) =>
    resource.kind === 'authorizer' ? [[resource.authorizer.name, resource.authorizer] as const] : [],
  );
  return {
    policies,
    authorizers: new Map(authorizers),
    asked: askedAttributes(policies),
    looksAtServerName: policies.some(({ rules }) =>
      rules.some(({ when }) => when.some(({ subject }) => subject === 'sni')),
    ),
  };
}
