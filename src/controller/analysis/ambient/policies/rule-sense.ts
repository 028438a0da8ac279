import type { Field } from '../../../objects/index.ts';
import { type Finding, finding, OWN } from '../../messages/index.ts';
import type { AnalysedMesh } from '../../subject/index.ts';

/** Policies that say nothing, or only what excludes itself. */
export function* analyzeRuleSense(mesh: AnalysedMesh): Iterable<Finding> {
  for (const object of mesh.of('security.istio.io/AuthorizationPolicy')) {
    const { spec } = object;
    const action = spec.key('action').text() ?? 'ALLOW';
    const rules = spec.key('rules').items();
    if (rules.length === 0 && action === 'DENY') {
      const text = 'a DENY policy without rules denies nothing';
      yield finding(OWN.PolicyWithoutEffect, { object, path: ['spec'] }, text);
    }
    if (rules.length === 0 && action === 'ALLOW')
      yield finding(OWN.AllowsNothing, { object, path: ['spec'] });
    for (const [index, rule] of rules.entries()) {
      const excluded = selfExcluding(rule);
      if (excluded === undefined) continue;
      const text = `rule ${index} can never hold: everything that ${excluded.wanted} names is excluded by ${excluded.by}`;
      yield finding(OWN.PolicyWithoutEffect, { object, path: excluded.path }, text);
    }
  }
}

interface Excluded {
  readonly wanted: string;
  readonly by: string;
  readonly path: Field['path'];
}

/** A part of the rule of which every alternative excludes itself. */
function selfExcluding(rule: Field): Excluded | undefined {
  const parts = [
    rule
      .key('from')
      .items()
      .map((from) => from.key('source')),
    rule
      .key('to')
      .items()
      .map((to) => to.key('operation')),
    ...rule
      .key('when')
      .items()
      .map((condition) => [condition]),
  ];
  for (const alternatives of parts) {
    const verdicts = alternatives.map(contradiction);
    const [first] = verdicts;
    if (first !== undefined && verdicts.every((verdict) => verdict !== undefined)) return first;
  }
  return undefined;
}

function contradiction(field: Field): Excluded | undefined {
  for (const [name, list] of field.entries()) {
    const by = `not${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    const [wanted, excluded] = [list.texts(), new Set(field.key(by).texts())];
    if (
      wanted.length > 0 &&
      excluded.size > 0 &&
      wanted.every((value) => excluded.has(value) || excluded.has('*'))
    )
      return { wanted: name, by, path: list.path };
  }
  return undefined;
}
