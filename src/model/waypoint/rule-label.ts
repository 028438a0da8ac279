import type { HttpRoute, HttpRule } from './route.ts';

/** Its name, or its place in the route for people, who count from 1. A route has 16 rules at most. */
export function ruleLabel({ rules }: HttpRoute, rule: HttpRule): string {
  return rule.name === '' ? String(rules.indexOf(rule) + 1) : rule.name;
}
