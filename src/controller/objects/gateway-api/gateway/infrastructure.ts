import type { Field, TextRule } from '../../fields/index.ts';
import { type LocalReference, parseLocalReference } from '../name-rules.ts';

/** For everything that is made because of the Gateway. */
export interface GatewayInfrastructure {
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  readonly parametersRef: LocalReference | undefined;
}

/** `spec.infrastructure`; absent, it says nothing. */
export function parseInfrastructure(field: Field): GatewayInfrastructure {
  field.object(['labels', 'annotations', 'parametersRef']);
  const reference = field.key('parametersRef');
  return {
    labels: parseMap(field.key('labels'), { maxEntries: 8, value: LABEL_VALUE }),
    annotations: parseMap(field.key('annotations'), { maxEntries: 16, value: { maxLength: 4096 } }),
    parametersRef: reference.present ? parseLocalReference(reference) : undefined,
  };
}

function parseMap(
  field: Field,
  rule: { readonly maxEntries: number; readonly value: TextRule },
): ReadonlyMap<string, string> {
  const entries = field.entries();
  if (entries.length > rule.maxEntries)
    field.issue(`at most ${rule.maxEntries} entries`, `${entries.length}`);
  const map = new Map<string, string>();
  for (const [key, value] of entries) {
    const [prefix = ''] = key.split('/');
    if (key.length > LONGEST_KEY || prefix.length >= LONGEST_PREFIX || !KEY.test(key)) {
      field.issue('keys of the form name or prefix/name', JSON.stringify(key.slice(0, LONGEST_PREFIX)));
    }
    const text = value.text(rule.value);
    if (text !== undefined) map.set(key, text);
  }
  return map;
}

const KEY =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/;
/** The prefix, a slash and a name of 63 characters. */
const LONGEST_PREFIX = 253;
const LONGEST_KEY = LONGEST_PREFIX + 64;
const LABEL_VALUE: TextRule = { maxLength: 63, pattern: /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/ };
