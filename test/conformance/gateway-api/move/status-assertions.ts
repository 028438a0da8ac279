import { type JsonObject, listOf, objectOf, type StatusAssertion, textOf } from '../data/index.ts';

/** What a status must come to, of routes whose parents are Services now. */
export type StatusCheck =
  | { readonly kind: 'condition'; readonly route: RouteName; readonly condition: ExpectedCondition }
  | { readonly kind: 'no-accepted-parents'; readonly route: RouteName }
  /** The route is changed first; then every condition is of the new generation. */
  | { readonly kind: 'latest-conditions'; readonly route: RouteName; readonly afterChange: boolean };

export interface RouteName {
  /** Undefined: the assertion does not say; the name decides. */
  readonly kind: string | undefined;
  readonly namespace: string;
  readonly name: string;
  /** The parent that is looked at; undefined: each. */
  readonly parent: string | undefined;
}

/** An empty reason means any. */
export interface ExpectedCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
}

/** Assertions about Gateways and GatewayClasses, and steps of the suite itself, give none. */
export function statusChecks(assertions: readonly StatusAssertion[]): readonly StatusCheck[] {
  const looked = new Set<string>();
  return assertions.flatMap(({ assert, args }): readonly StatusCheck[] => {
    const named = args.map(objectOf).filter(({ Name }) => Name !== undefined);
    const kind = /^(\w+Route)Must/.exec(assert)?.[1];
    const [first, second] = named;
    if (/^GatewayAnd(\w+)MustBeAccepted$/.test(assert)) {
      const parent = textOf(first?.Name);
      return named.slice(1).map((route) => accepted(routeName(route, undefined, parent)));
    }
    if (first === undefined || kind === undefined) return [];
    const route = routeName(first, kind, textOf(second?.Name));
    if (assert.endsWith('MustHaveResolvedRefsConditionsTrue'))
      return [{ kind: 'condition', route, condition: { type: 'ResolvedRefs', status: 'True', reason: '' } }];
    if (assert.endsWith('MustHaveNoAcceptedParents'))
      return [{ kind: 'no-accepted-parents', route: { ...route, parent: undefined } }];
    if (assert.endsWith('MustHaveLatestConditions')) {
      const key = `${route.namespace}/${route.name}`;
      const afterChange = looked.has(key);
      looked.add(key);
      return [{ kind: 'latest-conditions', route: { ...route, parent: undefined }, afterChange }];
    }
    if (assert.endsWith('MustHaveCondition')) {
      const condition = args.map(objectOf).find(({ Type }) => Type !== undefined);
      return condition === undefined ? [] : [{ kind: 'condition', route, condition: expected(condition) }];
    }
    if (assert.endsWith('MustHaveParents')) return parentsOf(args, { ...route, kind });
    return [];
  });
}

export function isAboutRoutes(assertion: StatusAssertion): boolean {
  return statusChecks([assertion]).length > 0;
}

function parentsOf(args: readonly unknown[], route: RouteName): readonly StatusCheck[] {
  return args
    .flatMap((arg) => (Array.isArray(arg) ? arg.map(objectOf) : []))
    .flatMap((parent) =>
      listOf(parent.Conditions)
        .map(objectOf)
        .map((condition) => ({
          kind: 'condition' as const,
          route: { ...route, parent: textOf(objectOf(parent.ParentRef).Name) },
          condition: expected(condition),
        })),
    );
}

function accepted(route: RouteName): StatusCheck {
  return { kind: 'condition', route, condition: { type: 'Accepted', status: 'True', reason: '' } };
}

function expected({ Type, Status, Reason }: JsonObject): ExpectedCondition {
  return { type: textOf(Type) ?? '', status: textOf(Status) ?? '', reason: textOf(Reason) ?? '' };
}

function routeName(
  { Name, Namespace }: JsonObject,
  kind: string | undefined,
  parent: string | undefined,
): RouteName {
  return { kind, namespace: textOf(Namespace) ?? '', name: textOf(Name) ?? '', parent };
}
