import { type Attachment, attachmentsOf, type PolicyView, type WaypointResource } from '../../model/index.ts';
import type { PolicyHits } from '../../proxy/index.ts';

/** What a waypoint is told of policies, and what each has decided here. */
export function waypointPolicies(
  resources: Iterable<WaypointResource>,
  hits: PolicyHits,
): readonly PolicyView[] {
  const policies = [...resources].flatMap((resource) => partsOf(resource) ?? []);
  hits.keepOnly(new Set(policies.map(({ key }) => key)));
  return policies.map(({ key, ...policy }) => ({ ...policy, ...hits.of(key), problem: '' }));
}

/** Under what its decisions are counted. AuthorizationPolicies are counted under their names alone, as their verdicts name them. */
export function hitKey(
  kind: 'AuthorizationPolicy' | 'RequestAuthentication' | 'RateLimit',
  name: string,
): string {
  return kind === 'AuthorizationPolicy' ? name : `${kind} ${name}`;
}

type Parts = Pick<PolicyView, 'namespace' | 'name' | 'kind' | 'action' | 'scope' | 'dryRun'> & {
  readonly key: string;
};

/** Undefined for what decides about no request. */
function partsOf(resource: WaypointResource): Parts | undefined {
  const scope = attachmentsOf(resource).map(attachmentText).join(', ');
  switch (resource.kind) {
    case 'authorization': {
      const { namespace, name, key, action, dryRun } = resource.policy;
      const kind = 'AuthorizationPolicy';
      const what = action.kind === 'custom' ? `CUSTOM ${action.provider}` : action.kind.toUpperCase();
      return { namespace, name, kind, action: what, scope, dryRun, key: hitKey(kind, key) };
    }
    case 'authentication': {
      const { namespace, name, rules } = resource.authentication;
      const kind = 'RequestAuthentication';
      const action = rules.map(({ issuer }) => issuer).join(', ');
      return {
        namespace,
        name,
        kind,
        action,
        scope,
        dryRun: false,
        key: hitKey(kind, `${namespace}/${name}`),
      };
    }
    case 'rate-limit': {
      const { namespace, name } = resource.limit;
      const kind = 'RateLimit';
      return {
        namespace,
        name,
        kind,
        action: 'LIMIT',
        scope,
        dryRun: false,
        key: hitKey(kind, `${namespace}/${name}`),
      };
    }
    default:
      return undefined;
  }
}

function attachmentText(attachment: Attachment): string {
  switch (attachment.kind) {
    case 'gateway':
      return `everything through the waypoint ${attachment.gateway}`;
    case 'waypoints':
      return 'everything through any waypoint';
    case 'service':
      return `service ${attachment.service}${attachment.port === undefined ? '' : ` port ${attachment.port}`}`;
    case 'route':
      return `${attachment.route}${attachment.rule === undefined ? '' : ` rule ${attachment.rule}`}`;
  }
}
