import type { GrpcRouteRule, HttpRouteRule, RouteFilter, RouteObject } from '../../../objects/index.ts';
import { patternProblem } from '../../pattern/pattern-problem.ts';
import { patternSize } from '../../pattern/pattern-size.ts';
import type { RuleProblem } from './route-problem.ts';

/** A route with what is wrong about each of its rules; a rule without an entry can be done. */
export interface CheckedRoute {
  readonly object: RouteObject;
  readonly problems: ReadonlyMap<number, RuleProblem>;
}

/** What the schema lets through and nobody can do. It is found once per change of the route, whatever it refers to. */
export function checkRules(object: RouteObject): CheckedRoute {
  const problems = new Map<number, RuleProblem>();
  if (object.kind !== 'HTTPRoute' && object.kind !== 'GRPCRoute') return { object, problems };
  let steps = 0;
  for (const [index, rule] of object.rules.entries()) {
    const patterns = patternsOf(rule);
    steps += patterns.reduce((sum, { source }) => sum + patternSize(source), 0);
    const problem = steps > LARGEST_ROUTE ? TOO_LARGE : (patternsProblem(patterns) ?? filterProblem(rule));
    if (problem !== undefined) problems.set(index, problem);
  }
  return { object, problems };
}

/** Whether at least one rule can be done. */
export function isSound({ object, problems }: CheckedRoute): boolean {
  return problems.size === 0 || problems.size < object.rules.length;
}

function patternsProblem(patterns: readonly RulePattern[]): RuleProblem | undefined {
  for (const { field, source } of patterns) {
    const problem = patternProblem(source);
    if (problem !== undefined) return { reason: 'UnsupportedValue', message: `${field}: ${problem}` };
  }
  return undefined;
}

interface RulePattern {
  readonly field: string;
  readonly source: string;
}

function patternsOf(rule: HttpRouteRule | GrpcRouteRule): readonly RulePattern[] {
  return rule.matches.flatMap((match, index) => {
    const where = `matches[${index}]`;
    const named = 'path' in match ? [...match.headers, ...match.queryParams] : match.headers;
    const own =
      'path' in match
        ? match.path.type === 'RegularExpression'
          ? [{ field: `${where}.path`, source: match.path.value }]
          : []
        : match.method?.type === 'RegularExpression'
          ? [match.method.service, match.method.method].map((source) => ({
              field: `${where}.method`,
              source: source ?? '',
            }))
          : [];
    return [
      ...own,
      ...named
        .filter(({ type }) => type === 'RegularExpression')
        .map(({ name, value }) => ({ field: `${where}, ${name}`, source: value })),
    ];
  });
}

function filterProblem({
  filters,
  backendRefs,
  matches,
}: HttpRouteRule | GrpcRouteRule): RuleProblem | undefined {
  for (const [index, backend] of backendRefs.entries()) {
    const wrong = backend.filters.find(({ type }) => NOT_AT_BACKENDS.has(type));
    if (wrong !== undefined) {
      const message = `backendRefs[${index}]: a ${wrong.type} answers requests, so it cannot be a backend's: put it into the rule's own filters`;
      return { reason: 'IncompatibleFilters', message };
    }
  }
  const all = [...filters, ...backendRefs.flatMap((backend) => backend.filters)];
  const [only] = matches;
  const isPrefix =
    matches.length === 1 && only !== undefined && 'path' in only && only.path.type === 'PathPrefix';
  if (isPrefix || !all.some(replacesPrefix)) return undefined;
  const message = 'replacePrefixMatch: expected exactly one match beside it, with a PathPrefix';
  return { reason: 'UnsupportedValue', message };
}

function replacesPrefix(filter: RouteFilter): boolean {
  return (
    (filter.type === 'URLRewrite' || filter.type === 'RequestRedirect') &&
    filter.path?.type === 'ReplacePrefixMatch'
  );
}

const NOT_AT_BACKENDS: ReadonlySet<RouteFilter['type']> = new Set(['RequestRedirect', 'CORS']);
/** Steps of all expressions of a route together, so that many small ones do not keep the controller busy either. */
const LARGEST_ROUTE = 50_000;
const TOO_LARGE: RuleProblem = {
  reason: 'UnsupportedValue',
  message: `expected regular expressions of at most ${LARGEST_ROUTE} steps in all rules up to this one`,
};
