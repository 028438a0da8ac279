import type { Field } from '../../../fields/index.ts';
import { HEADER_NAME, HEADER_VALUE, parseNamed, parseSet } from '../../name-rules.ts';

/** Names as they were written. */
export interface HeaderModifier {
  readonly set: readonly NamedValue[];
  readonly add: readonly NamedValue[];
  readonly remove: readonly string[];
}

/** A header with its value. */
export interface NamedValue {
  readonly name: string;
  readonly value: string;
}

/** 16 at most of each; a name stands once in its list. */
export function parseHeaderModifier(field: Field): HeaderModifier {
  field.object(['set', 'add', 'remove']);
  return {
    set: parseNamed(field.key('set'), 16, parseHeader),
    add: parseNamed(field.key('add'), 16, parseHeader),
    remove: parseSet(field.key('remove'), 16, (item) => item.text()),
  };
}

function parseHeader(field: Field): NamedValue {
  field.object(['name', 'value']);
  return {
    name: field.key('name').required().text(HEADER_NAME) ?? '',
    value: field.key('value').required().text(HEADER_VALUE) ?? '',
  };
}
