import type { LocalityPreference, LocalityScope, SlowStart } from '../../../../model/index.ts';
import type { Field } from '../../fields/index.ts';
import { parseDuration } from '../duration.ts';

/** Scopes are needed with every mode but `None`. Undefined where there is none. */
export function parseLocality(field: Field): LocalityPreference | undefined {
  if (!field.present) return undefined;
  field.object(['mode', 'scopes']);
  const mode = field.key('mode').required().oneOf(['Failover', 'Strict', 'None']) ?? 'None';
  const scopes = field.key('scopes');
  if (mode === 'None' && scopes.present) scopes.issue('no scopes beside the mode None');
  if (mode !== 'None') scopes.required();
  return { mode: MODES[mode], scopes: parseScopes(scopes) };
}

function parseScopes(field: Field): readonly LocalityScope[] {
  const items = field.items(5);
  if (field.present && items.length === 0) field.issue('at least one scope', 'none');
  const seen = new Set<LocalityScope>();
  for (const item of items) {
    const scope = item.required().oneOf(SCOPE_NAMES);
    if (scope === undefined) continue;
    const found = SCOPES[scope];
    if (seen.has(found)) item.issue('each scope once');
    seen.add(found);
  }
  return [...seen];
}

/** Undefined where there is none. */
export function parseSlowStart(field: Field): SlowStart | undefined {
  if (!field.present) return undefined;
  field.object(['window', 'aggressionPercent', 'minPercent']);
  const aggression = field.key('aggressionPercent').integer({ minimum: 10, maximum: 1_000 }) ?? 100;
  return {
    windowMs: parseDuration(field.key('window').required(), { minimum: '1s', maximum: '1h' }) ?? 0,
    aggression: aggression / 100,
    minimumPercent: field.key('minPercent').integer({ minimum: 0, maximum: 100 }) ?? 10,
  };
}

const MODES = { Failover: 'failover', Strict: 'strict', None: 'none' } as const;
const SCOPE_NAMES = ['Network', 'Region', 'Zone', 'Subzone', 'Node'] as const;
const SCOPES: Readonly<Record<(typeof SCOPE_NAMES)[number], LocalityScope>> = {
  Network: 'network',
  Region: 'region',
  Zone: 'zone',
  Subzone: 'subzone',
  Node: 'node',
};
