import type { Field } from '../fields/index.ts';

/** What a policy is for; always of its own namespace. */
export interface PolicyTargetReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

/** `targetRef` or `targetRefs` of Istio's policies; beside a selector, or beside one another, they are an issue. */
export function parsePolicyTargets(spec: Field): readonly PolicyTargetReference[] {
  const ways = ['selector', 'targetRef', 'targetRefs'].filter((name) => spec.key(name).present);
  if (ways.length > 1) spec.issue('only one of selector, targetRef and targetRefs', ways.join(' and '));
  const targetRef = spec.key('targetRef');
  return [...(targetRef.present ? [targetRef] : []), ...spec.key('targetRefs').items(16)].map(
    parseTargetReference,
  );
}

function parseTargetReference(field: Field): PolicyTargetReference {
  field.object(['group', 'kind', 'name', 'namespace']);
  const namespace = field.key('namespace');
  if ((namespace.text() ?? '') !== '') namespace.issue('no namespace: a reference stays within its own');
  return {
    group: field.key('group').text({ maxLength: 253, pattern: GROUP }) ?? '',
    kind: field.key('kind').required().text({ minLength: 1, maxLength: 63, pattern: KIND }) ?? '',
    name: field.key('name').required().text({ minLength: 1, maxLength: 253 }) ?? '',
  };
}

const GROUP = /^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const KIND = /^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/;
