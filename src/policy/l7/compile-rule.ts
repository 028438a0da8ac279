import type { RequestPolicy, RequestRule, RequestTest } from '../../model/index.ts';
import type { TokenAttributes } from './attributes.ts';
import { compileTest } from './compile-test.ts';
import type { CompiledTest, Doubt } from './compiled-test.ts';
import type { JudgedRequest } from './judged-request.ts';

/** Where a policy held; indexes count from 0, and are undefined where there was nothing to choose from. */
export interface HeldRule {
  readonly rule: number;
  readonly source: number | undefined;
  readonly operation: number | undefined;
}

/** How far a rule was from holding: of its alternatives, what did not hold of the nearest. */
export interface MissedRule {
  readonly rule: number;
  readonly failed: readonly FailedTest[];
}

/** A test that stood between a rule and its holding, and where the policy has it. */
export interface FailedTest {
  readonly part: 'from' | 'to' | 'when';
  /** Which of the lists of `from` or `to`, from 0. */
  readonly place: number | undefined;
  readonly test: RequestTest;
}

/** A policy with everything worked out that does not depend on the request. */
export interface CompiledRequestPolicy {
  readonly policy: RequestPolicy;
  /** The first rule that holds, or undefined. */
  evaluate(judged: JudgedRequest): HeldRule | undefined;
  /** Each rule; one of which nothing failed holds. Only for telling people: it is not fast. */
  missed(judged: JudgedRequest): readonly MissedRule[];
  /** The rule that was nearest to holding, undefined without rules. */
  nearest(judged: JudgedRequest): MissedRule | undefined;
}

const compiled = new WeakMap<RequestPolicy, CompiledRequestPolicy>();

/** Compiles a policy once for as long as its object lives. */
export function compileRequestPolicy(policy: RequestPolicy): CompiledRequestPolicy {
  const known = compiled.get(policy);
  if (known !== undefined) return known;
  const doubt = policy.action.kind === 'allow' ? 'strict' : 'wide';
  const rules = policy.rules.map((rule) => compileRule(rule, doubt));
  const made: CompiledRequestPolicy = {
    policy,
    evaluate(judged) {
      for (const [index, rule] of rules.entries()) {
        const held = rule.evaluate(judged);
        if (held !== undefined) return { rule: index, ...held };
      }
      return undefined;
    },
    missed: (judged) => rules.map((rule, index) => ({ rule: index, failed: rule.failedParts(judged) })),
    nearest(judged) {
      const [first] = made
        .missed(judged)
        .toSorted((a, b) => a.failed.length - b.failed.length || a.rule - b.rule);
      return first;
    },
  };
  compiled.set(policy, made);
  return made;
}

interface CompiledRule {
  evaluate(judged: JudgedRequest): Omit<HeldRule, 'rule'> | undefined;
  failedParts(judged: JudgedRequest): readonly FailedTest[];
}

interface ReadyTest {
  readonly test: RequestTest;
  readonly holds: CompiledTest;
}

function compileRule(rule: RequestRule, doubt: Doubt): CompiledRule {
  const ready = (test: RequestTest): ReadyTest => ({ test, holds: compileTest(test, doubt) });
  const from = rule.from.map((tests) => tests.map(ready));
  const to = rule.to.map((tests) => tests.map(ready));
  const when = rule.when.map(ready);
  const usesTokens =
    doubt === 'strict' && [...rule.from.flat(), ...rule.to.flat(), ...rule.when].some(isTokenTest);
  const evaluateWith = (judged: JudgedRequest, token: TokenAttributes | undefined) => {
    if (!when.every(({ holds }) => holds(judged, token))) return undefined;
    const operation = firstThatHolds(to, judged, token);
    if (operation === NONE) return undefined;
    const source = firstThatHolds(from, judged, token);
    return source === NONE ? undefined : { source, operation };
  };
  const tokensOf = (judged: JudgedRequest): readonly (TokenAttributes | undefined)[] => {
    const tokens = judged.http?.tokens ?? [];
    return usesTokens && tokens.length > 0 ? tokens : [undefined];
  };
  return {
    evaluate(judged) {
      for (const token of tokensOf(judged)) {
        const held = evaluateWith(judged, token);
        if (held !== undefined) return held;
      }
      return undefined;
    },
    failedParts(judged) {
      const attempts = tokensOf(judged).map((token) => [
        ...fewestFailed(from, 'from', judged, token),
        ...fewestFailed(to, 'to', judged, token),
        ...failed(when, { part: 'when', place: undefined }, judged, token),
      ]);
      return attempts.sort((a, b) => a.length - b.length)[0] ?? [];
    },
  };
}

const NONE = -1;

/** The first list all of whose tests hold; undefined when there are no lists, which holds too. */
function firstThatHolds(
  lists: readonly (readonly ReadyTest[])[],
  judged: JudgedRequest,
  token: TokenAttributes | undefined,
): number | undefined {
  if (lists.length === 0) return undefined;
  return lists.findIndex((tests) => tests.every(({ holds }) => holds(judged, token)));
}

function fewestFailed(
  lists: readonly (readonly ReadyTest[])[],
  part: 'from' | 'to',
  judged: JudgedRequest,
  token: TokenAttributes | undefined,
): readonly FailedTest[] {
  const attempts = lists.map((tests, place) => failed(tests, { part, place }, judged, token));
  return attempts.sort((a, b) => a.length - b.length)[0] ?? [];
}

function failed(
  tests: readonly ReadyTest[],
  where: Omit<FailedTest, 'test'>,
  judged: JudgedRequest,
  token: TokenAttributes | undefined,
): readonly FailedTest[] {
  return tests.flatMap(({ test, holds }) => (holds(judged, token) ? [] : [{ ...where, test }]));
}

function isTokenTest({ subject }: RequestTest): boolean {
  return subject === 'request-principal' || subject === 'claim';
}

/** What a test looks at, as people would name it. */
export function nameOf(test: RequestTest): string {
  switch (test.subject) {
    case 'header':
    case 'header-element':
      return `header ${test.name}`;
    case 'claim':
      return `claim ${test.path.join('.')}`;
    default:
      return test.subject.replace('-', ' ');
  }
}
