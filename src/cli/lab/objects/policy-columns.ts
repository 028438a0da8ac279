import type { KubeObject } from '../../../lab/cluster/objects/index.ts';
import type { Columns } from './columns.ts';
import { age, conditionMessage, field, listField, textField } from './object-fields.ts';

/** What `get` shows of policies: what they are for, and whether the proxies could make sense of them. */
export const POLICY_COLUMNS: Readonly<Record<string, Columns>> = {
  AuthorizationPolicy: policyColumns('ACTION', (object) => {
    const action = textField(object.spec, 'action') ?? 'ALLOW';
    return isDryRun(object) ? `${action} (dry run)` : action;
  }),
  RequestAuthentication: policyColumns('ISSUERS', ({ spec }) => {
    const issuers = listField(spec, 'jwtRules').flatMap((rule) => textField(rule, 'issuer') ?? []);
    return issuers.join(',') || '<none>';
  }),
  PeerAuthentication: policyColumns('MODE', ({ spec }) => textField(spec, 'mtls', 'mode') ?? 'UNSET'),
};

function policyColumns(title: string, cell: (object: KubeObject) => string): Columns {
  return {
    header: ['NAME', title, 'TARGET', 'ACCEPTED', 'AGE', 'NOTE'],
    row: (object) => [
      object.metadata.name,
      cell(object),
      targetOf(object),
      acceptance(object),
      age(object),
      conditionMessage(object),
    ],
  };
}

/** `service/cart`; `app=cart`, the pods with that label; or everything in its namespace. */
function targetOf({ spec }: KubeObject): string {
  const single = field(spec, 'targetRef');
  const targets = [...listField(spec, 'targetRefs'), ...(single === undefined ? [] : [single])];
  if (targets.length > 0)
    return targets
      .map(
        (target) => `${(textField(target, 'kind') ?? '').toLowerCase()}/${textField(target, 'name') ?? ''}`,
      )
      .join(',');
  const labels = field(spec, 'selector', 'matchLabels');
  const pairs = typeof labels === 'object' && labels !== null ? Object.entries(labels) : [];
  return pairs.map(([name, value]) => `${name}=${String(value)}`).join(',') || '<all>';
}

/** Node proxies and waypoints each have their own condition; whoever does not accept it counts. */
function acceptance({ status }: KubeObject): string {
  const found = listField(status, 'conditions')
    .filter((condition) => textField(condition, 'type')?.endsWith('Accepted') === true)
    .map((condition) => textField(condition, 'status') ?? 'Unknown');
  if (found.length === 0) return 'Unknown';
  return found.find((text) => text !== 'True') ?? 'True';
}

function isDryRun({ metadata }: KubeObject): boolean {
  const { annotations } = metadata;
  return TRUE.includes(annotations['nodemesh.io/dry-run'] ?? annotations['istio.io/dry-run'] ?? '');
}

/** As the controller reads it. */
const TRUE = ['1', 't', 'T', 'true', 'True', 'TRUE'];
