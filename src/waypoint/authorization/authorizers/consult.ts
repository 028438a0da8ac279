import type { Logger } from '../../../base/index.ts';
import type { HttpRequest } from '../../../http/index.ts';
import type { Authorizer } from '../../../model/index.ts';
import type { AuthorizerNeed } from '../../../policy/index.ts';
import type { CheckedHeader } from '../../../wire/index.ts';
import type { ReplayMemory } from '../../layers/resilience/replay/replay-memory.ts';
import { authorizerFailed, bodyTooLong, deniedUnasked, noRoomForBody } from '../denial.ts';
import { changedRequest } from './apply-answer.ts';
import { type AskDeps, askAuthorizer } from './ask-authorizer.ts';
import type { AuthorizerAnswer, Refusal } from './authorizer-answer.ts';
import { type PeekedBody, peekBody } from './peek-body.ts';
import type { Question } from './question.ts';

/** What asking takes, and who hears of the answers. */
export interface ConsultDeps extends AskDeps {
  readonly log: Logger;
  /** Bounds the bodies that are held for authorizers. */
  readonly memory: ReplayMemory;
  readonly onAnswer?: ((authorizer: string, outcome: AuthorizerOutcome) => void) | undefined;
}

/** `passed`, `refused`: it did not answer, and what became of the request then. */
export type AuthorizerOutcome = 'allowed' | 'denied' | 'passed' | 'refused';

/** What the authorizers have come to together. */
export type Consultation =
  | {
      readonly allowed: true;
      /** As authorizers have changed it; undefined for a connection. */
      readonly request: HttpRequest | undefined;
      readonly responseHeaders: readonly CheckedHeader[];
    }
  | { readonly allowed: false; readonly need: AuthorizerNeed; readonly refusal: Refusal };

/**
 * Asks all authorizers, one after the other: each sees what those before it have made of the request. Rejects with
 * ERR_WAYPOINT_AUTHORIZER where one does not answer, ERR_WAYPOINT_DENIED where one is not known, ERR_WAYPOINT_UNCHECKED_BODY
 * where a body is longer than one may see, and the abort's reason when nobody waits any more.
 */
export async function consult(
  needs: readonly AuthorizerNeed[],
  { parties, sni, http, onEnd = ignore }: ConsultedQuestion,
  deps: ConsultDeps,
): Promise<Consultation> {
  const { authorizers } = parties.plan.authorization;
  const asked = needs.map((need) => resolve(need, authorizers, http === undefined));
  const body = http && (await peeked(asked, http, { memory: deps.memory, onEnd }));
  let request = http && body !== undefined ? { ...http, body: body.body, expectContinue: false } : http;
  const responseHeaders: CheckedHeader[] = [];
  for (const one of asked) {
    const answer = await answerOf(one, { parties, sni, http: request && { request, body } }, deps);
    if (answer === undefined) continue;
    if (!answer.allowed) return { allowed: false, need: one.need, refusal: answer };
    request = request && changedRequest(request, answer);
    responseHeaders.push(...answer.responseHeaders);
  }
  return { allowed: true, request, responseHeaders };
}

/** What all of them are asked about. */
export interface ConsultedQuestion extends Omit<Question, 'http'> {
  readonly http: HttpRequest | undefined;
  /** Told when the request is over: until then its body may be held. Only of a request. */
  readonly onEnd?: (listener: () => void) => void;
}

function ignore(): void {
  // A connection has no body.
}

/** An authorizer, and why it is asked. */
interface AskedAuthorizer {
  readonly authorizer: Authorizer;
  readonly need: AuthorizerNeed;
}

function resolve(
  need: AuthorizerNeed,
  authorizers: ReadonlyMap<string, Authorizer>,
  isConnection: boolean,
): AskedAuthorizer {
  const authorizer = authorizers.get(need.provider);
  if (authorizer === undefined) throw deniedUnasked(need, 'which the waypoint does not know');
  if (isConnection && authorizer.protocol.kind === 'http')
    throw deniedUnasked(need, 'which is asked over HTTP and cannot judge plain connections');
  return { need, authorizer };
}

/** Undefined: nobody wants to see the body. */
async function peeked(
  asked: readonly AskedAuthorizer[],
  { body }: HttpRequest,
  hold: Parameters<typeof peekBody>[2],
): Promise<PeekedBody | undefined> {
  const wanting = asked.flatMap(({ need, authorizer: { requestBody } }) =>
    requestBody === undefined ? [] : [{ need, ...requestBody }],
  );
  const [first] = wanting;
  if (first === undefined) return undefined;
  const isTooLong = (isLongerThan: (bytes: number) => boolean): void => {
    for (const { need, maxBytes, allowPartial } of wanting)
      if (!allowPartial && isLongerThan(maxBytes)) throw bodyTooLong(need, maxBytes);
  };
  // Where its length is announced nothing of it has to be read for that.
  isTooLong((bytes) => (body.length ?? 0) > bytes);
  const found = await peekBody(body, Math.max(...wanting.map(({ maxBytes }) => maxBytes)), hold);
  if (found === undefined) throw noRoomForBody(first.need);
  isTooLong((bytes) => !found.complete || found.beginning.length > bytes);
  return found;
}

/** Undefined: there was none, and the request goes on all the same. */
async function answerOf(
  asked: AskedAuthorizer,
  question: Question,
  deps: ConsultDeps,
): Promise<AuthorizerAnswer | undefined> {
  const { authorizer, need } = asked;
  const { name, failOpen, statusOnError } = authorizer;
  const { log, onAnswer = () => undefined } = deps;
  try {
    const answer = await askAuthorizer(authorizer, question, deps);
    onAnswer(name, answer.allowed ? 'allowed' : 'denied');
    return answer;
  } catch (error) {
    // That nobody waits for the answer any more says nothing about the authorizer.
    if (question.parties.signal.aborted) throw error;
    onAnswer(name, failOpen ? 'passed' : 'refused');
    if (!failOpen) throw authorizerFailed(need, statusOnError, error);
    log.warn('request goes on without the word of its authorizer', {
      authorizer: name,
      policy: need.policy,
      error,
    });
    return undefined;
  }
}
