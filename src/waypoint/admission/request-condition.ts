import type { HeaderCondition, RequestCondition } from '../../model/index.ts';
import { WaypointError } from '../errors.ts';
import type { RequestClient } from '../request/request-parties.ts';
import { comparablePrefix } from '../routing/compiled-match.ts';
import { createPattern } from '../routing/pattern.ts';
import type { RequestFacts } from '../routing/request-facts.ts';

/** Whether a rule is for a request. */
export type ConditionTest = (facts: RequestFacts, client: RequestClient) => boolean;

/**
 * Any of the conditions; without any, always. One with an expression that is not RE2 holds for no request, and the error
 * is among `problems`.
 */
export function compileConditions(
  conditions: readonly RequestCondition[],
  problems: WaypointError[],
): ConditionTest {
  if (conditions.length === 0) return () => true;
  const tests = conditions.flatMap((condition): ConditionTest[] => {
    try {
      return [compileCondition(condition)];
    } catch (error) {
      if (!(error instanceof WaypointError)) throw error;
      problems.push(error);
      return [];
    }
  });
  return (facts, client) => tests.some((test) => test(facts, client));
}

/** All parts of one condition. */
function compileCondition({ path, method, headers, client: wanted }: RequestCondition): ConditionTest {
  const pathHolds = compilePath(path);
  const headerTests = headers.map(compileHeader);
  return (facts, { identity }) => {
    if (method !== undefined && method !== facts.method) return false;
    if (wanted !== undefined) {
      if (wanted.namespace !== identity.namespace) return false;
      if (wanted.serviceAccount !== undefined && wanted.serviceAccount !== identity.serviceAccount)
        return false;
    }
    return pathHolds(facts.path) && headerTests.every((holds) => holds(facts));
  };
}

function compilePath(path: RequestCondition['path']): (path: string) => boolean {
  switch (path?.kind) {
    case undefined:
      return () => true;
    case 'exact':
      return (actual) => actual === path.value;
    case 'prefix': {
      const prefix = comparablePrefix(path.value);
      return (actual) => actual === prefix || actual.startsWith(`${prefix}/`);
    }
    case 'regex': {
      const pattern = createPattern(path.value);
      return (actual) => pattern.matches(actual);
    }
  }
}

function compileHeader(condition: HeaderCondition): (facts: RequestFacts) => boolean {
  const { name } = condition;
  switch (condition.kind) {
    case 'present':
      return (facts) => facts.header(name) !== undefined;
    case 'absent':
      return (facts) => facts.header(name) === undefined;
    case 'exact':
      return (facts) => facts.header(name) === condition.value;
    case 'regex': {
      const pattern = createPattern(condition.value);
      return (facts) => {
        const value = facts.header(name);
        return value !== undefined && pattern.matches(value);
      };
    }
  }
}
