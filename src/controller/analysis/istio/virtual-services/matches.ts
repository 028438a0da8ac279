import type { Field } from '../../../objects/index.ts';
import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import type { AnalysedMesh, AnalysedObject } from '../../subject/index.ts';
import { createMatchMemory, matchText } from './match-memory.ts';
import { virtualServices } from './route-parts.ts';

/** Rules and matches that never come to their turn, because one before them takes all their requests. */
export function* analyzeMatches(mesh: AnalysedMesh): Iterable<Finding> {
  for (const object of virtualServices(mesh)) {
    for (const protocol of ['http', 'tls', 'tcp']) {
      yield* rulesInVain(object, object.spec.key(protocol).items(), protocol === 'http');
    }
  }
}

function* rulesInVain(object: AnalysedObject, rules: readonly Field[], http: boolean): Iterable<Finding> {
  const seen = new Map<string, number>();
  const memory = createMatchMemory();
  let catchAll: number | undefined;
  for (const [index, rule] of rules.entries()) {
    const name = nameOfRule(rule, index);
    const at = { object, path: rule.path };
    const matches = rule.key('match').items();
    if (catchAll !== undefined) {
      const reason = 'only the last rule can have no matches';
      yield finding(ISTIO.VirtualServiceUnreachableRule, at, name, reason);
      continue;
    }
    if (matches.length === 0) catchAll = index;
    let duplicates = 0;
    for (const [position, match] of matches.entries()) {
      const before = seen.get(matchText(match)) ?? (http ? memory.cover(match) : undefined);
      if (before !== undefined) {
        const earlier = rules[before];
        const ordinal = match.key('name').text() ?? `#${position}`;
        const other = earlier === undefined ? `#${before}` : nameOfRule(earlier, before);
        yield finding(
          ISTIO.VirtualServiceIneffectiveMatch,
          { object, path: match.path },
          name,
          ordinal,
          other,
        );
      }
      if (seen.has(matchText(match))) duplicates += 1;
      else seen.set(matchText(match), index);
      if (http) memory.add(match, index);
    }
    if (matches.length > 0 && duplicates === matches.length)
      yield finding(ISTIO.VirtualServiceUnreachableRule, at, name, 'all matches used by prior rules');
  }
}

function nameOfRule(rule: Field, index: number): string {
  const name = rule.key('name').text() ?? '';
  return name === '' ? `#${index}` : JSON.stringify(name);
}
