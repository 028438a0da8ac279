import type { Field } from '../../fields/index.ts';
import { SECTION_NAME } from '../name-rules.ts';

/** Rule names of one route, no two of which may be equal. Empty: the rule has none. */
export function createRuleNames(): (rule: Field) => string {
  const seen = new Set<string>();
  return (rule) => {
    const field = rule.key('name');
    const name = field.text(SECTION_NAME) ?? '';
    if (name !== '' && seen.has(name)) field.issue('a name that no other rule has');
    seen.add(name);
    return name;
  };
}

/** Names of controllers that have an entry in `status.parents`: those know the route. */
export function parseReportingControllers(root: Field): readonly string[] {
  const { value } = root.key('status').key('parents');
  if (!Array.isArray(value)) return [];
  const names = (value as readonly unknown[]).flatMap((entry) => {
    const name = (entry as { readonly controllerName?: unknown } | null)?.controllerName;
    return typeof name === 'string' ? [name] : [];
  });
  return [...new Set(names)].sort();
}
