import type { ParentReference, RouteObject } from '../../objects/index.ts';
import type { ParentOutcome } from './attach-parents.ts';
import { type CheckedRoute, isSound } from './rules/check-rules.ts';
import type { ReferenceProblem } from './rules/route-problem.ts';

/** What a route's status says of our parents. */
export interface RouteStatus {
  readonly apiVersion: string;
  readonly kind: RouteObject['kind'];
  readonly namespace: string;
  readonly name: string;
  readonly generation: number;
  /** In the order of the route's own references. */
  readonly parents: readonly RouteParentStatus[];
  /** Services that have accepted it and have no waypoint, so that it has no effect there (`namespace/name`). */
  readonly withoutWaypoint: readonly string[];
}

/** What one of our controllers says of one parent. */
export interface RouteParentStatus {
  /** As the route has it. */
  readonly parentRef: Readonly<Record<string, string | number>>;
  readonly controllerName: string;
  readonly conditions: readonly RouteCondition[];
}

/** A condition of the Gateway API. */
export interface RouteCondition {
  readonly type: 'Accepted' | 'ResolvedRefs' | 'PartiallyInvalid';
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

/** Pure. Times are added where it is written. */
export function routeStatus(
  checked: CheckedRoute,
  parents: readonly ParentOutcome[],
  problems: readonly ReferenceProblem[],
): RouteStatus {
  const { apiVersion, kind, meta } = checked.object;
  const resolved = resolvedRefs(problems);
  const dropped = droppedRules(checked);
  return {
    apiVersion,
    kind,
    namespace: meta.namespace,
    name: meta.name,
    generation: meta.generation,
    withoutWaypoint: isSound(checked)
      ? [...new Set(parents.flatMap((parent) => parent.withoutWaypoint ?? []))]
      : [],
    parents: parents.map((parent) => {
      const accepted = acceptedCondition(checked, parent);
      const isPartial = accepted.status === 'True' && dropped !== undefined;
      return {
        parentRef: writtenReference(parent.reference),
        controllerName: parent.controllerName,
        conditions: [accepted, resolved, ...(isPartial ? [dropped] : [])],
      };
    }),
  };
}

function acceptedCondition(checked: CheckedRoute, { refusal, remark }: ParentOutcome): RouteCondition {
  if (refusal !== undefined) return { type: 'Accepted', status: 'False', ...refusal };
  if (isSound(checked)) {
    const message = remark === '' ? 'Route was valid' : `Route was valid, but ${remark}`;
    return { type: 'Accepted', status: 'True', reason: 'Accepted', message };
  }
  const problems = [...checked.problems.values()];
  const isAboutFilters = problems.every(({ reason }) => reason === 'IncompatibleFilters');
  return {
    type: 'Accepted',
    status: 'False',
    reason: isAboutFilters ? 'IncompatibleFilters' : 'UnsupportedValue',
    message: cut(`no rule can be used: ${describeProblems(checked)}`),
  };
}

/** The message begins as the API wants it to. */
function droppedRules(checked: CheckedRoute): RouteCondition | undefined {
  if (checked.problems.size === 0) return undefined;
  const message = cut(`Dropped Rule(s): ${describeProblems(checked)}`);
  return { type: 'PartiallyInvalid', status: 'True', reason: 'UnsupportedValue', message };
}

function describeProblems({ object, problems }: CheckedRoute): string {
  return [...problems]
    .map(([index, { message }]) => {
      const name = object.rules[index]?.name ?? '';
      return `rules[${index}]${name === '' ? '' : ` (${name})`}: ${message}`;
    })
    .join('; ');
}

function resolvedRefs(problems: readonly ReferenceProblem[]): RouteCondition {
  const [first] = problems;
  if (first === undefined) {
    return {
      type: 'ResolvedRefs',
      status: 'True',
      reason: 'ResolvedRefs',
      message: 'All references resolved',
    };
  }
  const message = cut([...new Set(problems.map((problem) => problem.message))].join('; '));
  return { type: 'ResolvedRefs', status: 'False', reason: first.reason, message };
}

function writtenReference(reference: ParentReference): Readonly<Record<string, string | number>> {
  const { group, kind, namespace, name, sectionName, port } = reference;
  return {
    group,
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(sectionName === undefined ? {} : { sectionName }),
    ...(port === undefined ? {} : { port }),
  };
}

/** A condition's message holds no more. */
function cut(text: string): string {
  return text.length <= LONGEST_MESSAGE ? text : `${text.slice(0, LONGEST_MESSAGE - 1)}…`;
}

const LONGEST_MESSAGE = 32_768;
