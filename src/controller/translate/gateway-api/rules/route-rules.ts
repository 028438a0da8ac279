import type { HttpBackend, HttpRule, StreamRule } from '../../../../model/index.ts';
import type {
  FilteredBackendReference,
  GrpcRouteObject,
  GrpcRouteRule,
  HttpRouteObject,
  HttpRouteRule,
  StreamRouteObject,
} from '../../../objects/index.ts';
import { translateSession } from '../../traffic/translate-session.ts';
import type { CheckedRoute } from './check-rules.ts';
import { translateFilters } from './http-filter.ts';
import { resolveBackend } from './resolve-backend.ts';
import { translateGrpcMatches, translateHttpMatches } from './route-match.ts';
import type { ReferenceProblem } from './route-problem.ts';
import type { Referrer, RouteReferences } from '../route-references.ts';

/** Rules that hold, and what there is to say about what they refer to. */
export interface TranslatedRules<Rule> {
  readonly rules: readonly Rule[];
  readonly problems: readonly ReferenceProblem[];
}

/** Rules with a problem of their own are left out. */
export function translateHttpRules(
  object: HttpRouteObject | GrpcRouteObject,
  wrong: CheckedRoute['problems'],
  context: { readonly referrer: Referrer; readonly references: RouteReferences },
): TranslatedRules<HttpRule> {
  const problems: ReferenceProblem[] = [];
  const rules = object.rules.flatMap((rule, index) => {
    const { referrer, references } = context;
    const filters = translateFilters(rule.filters, referrer, references);
    problems.push(...filters.problems);
    const backends = rule.backendRefs.map((backend) => translateBackend(backend, context, problems));
    if (wrong.has(index)) return [];
    return [{ ...restOf(rule), filters: filters.filters, backends }];
  });
  return { rules, problems };
}

/** Every rule stays; a backend that leads nowhere keeps its share. */
export function translateStreamRules(
  object: StreamRouteObject,
  { referrer, references }: { readonly referrer: Referrer; readonly references: RouteReferences },
): TranslatedRules<StreamRule> {
  const problems: ReferenceProblem[] = [];
  const rules = object.rules.map(({ name, backendRefs }) => ({
    name,
    backends: backendRefs.map((backend) => {
      const { target, problem } = resolveBackend(backend, referrer, references);
      if (problem !== undefined) problems.push(problem);
      return { weight: backend.weight, target };
    }),
  }));
  return { rules, problems };
}

function translateBackend(
  backend: FilteredBackendReference,
  { referrer, references }: { readonly referrer: Referrer; readonly references: RouteReferences },
  problems: ReferenceProblem[],
): HttpBackend {
  const { target, problem } = resolveBackend(backend, referrer, references);
  if (problem !== undefined) problems.push(problem);
  const filters = translateFilters(backend.filters, referrer, references);
  problems.push(...filters.problems);
  return { weight: backend.weight, target, filters: filters.filters };
}

/** All that refers to nothing. Calls of gRPC have neither timeouts nor retries in their routes. */
function restOf(rule: HttpRouteRule | GrpcRouteRule): Omit<HttpRule, 'filters' | 'backends'> {
  const sessionPersistence = translateSession(rule.sessionPersistence);
  if (!('timeouts' in rule)) {
    return {
      name: rule.name,
      matches: translateGrpcMatches(rule.matches),
      timeouts: { requestMs: undefined, backendRequestMs: undefined },
      retry: undefined,
      sessionPersistence,
    };
  }
  const { name, timeouts, retry } = rule;
  return { name, matches: translateHttpMatches(rule.matches), timeouts, retry, sessionPersistence };
}
