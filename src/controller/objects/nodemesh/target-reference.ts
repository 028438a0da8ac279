import type { Field } from '../fields/index.ts';
import { SUBDOMAIN } from './name-pattern.ts';

/** What an object of ours is attached to, in its own namespace. */
export interface TargetReference {
  readonly kind: (typeof KINDS)[number];
  readonly name: string;
  /** A port of the Service by number or name, or a rule of the route by name; undefined: all of it. */
  readonly section: string | undefined;
}

/** `spec.targetRefs`; empty when there are none. */
export function parseTargetReferences(field: Field): readonly TargetReference[] {
  const items = field.items(16);
  if (field.present && items.length === 0) field.issue('at least one target', 'none');
  const references = items.map(parseTargetReference);
  const seen = new Set<string>();
  for (const [index, { kind, name, section }] of references.entries()) {
    const id = `${kind} ${name} ${section ?? ''}`;
    if (seen.has(id)) items[index]?.issue('each target once', 'one that is listed already');
    seen.add(id);
  }
  return references;
}

function parseTargetReference(field: Field): TargetReference {
  field.required().object(['group', 'kind', 'name', 'sectionName']);
  const kind = field.key('kind').required().oneOf(KINDS) ?? 'Service';
  const group = field.key('group');
  const written = group.text({ maxLength: 253 });
  const groups = kind === 'Service' ? ['', 'core'] : [GATEWAY_GROUP];
  if (written !== undefined && !groups.includes(written))
    group.issue(kind === 'Service' ? 'no group for a Service' : GATEWAY_GROUP);
  const section = field.key('sectionName');
  if (kind === 'Gateway' && section.present) section.issue('no sectionName for a Gateway');
  return {
    kind,
    name: field.key('name').required().text(NAME) ?? '',
    section: section.text(NAME),
  };
}

const KINDS = ['Service', 'Gateway', 'HTTPRoute', 'GRPCRoute'] as const;
const GATEWAY_GROUP = 'gateway.networking.k8s.io';
const NAME = { minLength: 1, maxLength: 253, pattern: SUBDOMAIN };
