import type { Field } from '../fields/index.ts';
import { LABEL } from './name-pattern.ts';

/** `spec.rules`: at least one, with different names. `parse` gets the rule's field and its name. */
export function parseRules<Rule>(field: Field, parse: (rule: Field, name: string) => Rule): readonly Rule[] {
  const items = field.required().items(16);
  if (Array.isArray(field.value) && items.length === 0) field.issue('at least one rule', 'none');
  const seen = new Set<string>();
  return items.map((item, index) => {
    const name = item.required().key('name');
    const text = name.text({ minLength: 1, maxLength: 63, pattern: LABEL });
    if (text !== undefined && seen.has(text)) name.issue('a name that no other rule has');
    if (text !== undefined) seen.add(text);
    // No name that somebody can write has this form.
    return parse(item, text ?? `#${index + 1}`);
  });
}
