import { type Clock, systemClock } from '../../../base/index.ts';
import type { HttpRequest } from '../../../http/index.ts';
import type { HttpBackend, HttpRule } from '../../../model/index.ts';
import type { RequestContext } from '../../request/request-context.ts';
import { createWeightedChoice, type WeightedChoice } from '../../routing/weighted-choice.ts';
import { backendOfSession } from './session/session-persistence.ts';

/** The clock of sessions, and the chance by which weights are drawn. */
export interface BackendChoiceOptions {
  /** Tells when sessions are over. Default: the system's. */
  readonly clock?: Clock;
  /** Where the choice among weighted backends starts, in [0, 1). Default Math.random. */
  readonly random?: () => number;
}

/** The backend of a rule that a request goes to; undefined where none has a weight. */
export type BackendChoice = (
  request: HttpRequest,
  context: RequestContext,
  rule: HttpRule,
) => HttpBackend | undefined;

/** The one that the client has a session with, else by the backends' weights. */
export function createBackendChoice({
  clock = systemClock,
  random = Math.random,
}: BackendChoiceOptions): BackendChoice {
  /** A rule lives as long as its route is unchanged, and with it where the choice stands. */
  const choices = new WeakMap<HttpRule, WeightedChoice>();

  function byWeight(rule: HttpRule): HttpBackend | undefined {
    let choice = choices.get(rule);
    if (choice === undefined) {
      choice = createWeightedChoice(
        rule.backends.map(({ weight }) => weight),
        random,
      );
      choices.set(rule, choice);
    }
    const index = choice.next();
    return index === undefined ? undefined : rule.backends[index];
  }

  return (request, context, rule) => backendOfSession(request, context, rule, clock.now()) ?? byWeight(rule);
}
