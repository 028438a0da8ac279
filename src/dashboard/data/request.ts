import type { ApiAnswers, ApiPath, ApiProblem } from '../../model/index.ts';
import { isTokenWanted } from './token.ts';
import { parseVisible } from './visible.ts';

/** Parameters of a question; what is empty or undefined is left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

/** The API answered with a problem, or not at all (code `unreachable`). */
export class ApiFailure extends Error {
  readonly code: string;
  /** What to do, for people. */
  readonly hint: string;

  constructor(problem: ApiProblem['error'], options?: ErrorOptions) {
    super(problem.message, options);
    this.name = 'ApiFailure';
    this.code = problem.code;
    this.hint = problem.hint;
  }
}

/**
 * Asks the API. Paths are taken relative to the page, so that it may be served below any path.
 *
 * @throws {ApiFailure} also when nobody answers within ten seconds
 */
export async function ask<P extends ApiPath>(path: P, query: Query = {}): Promise<ApiAnswers[P]> {
  let answer: Response;
  try {
    answer = await fetch(addressOf(path, query), {
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
  } catch (cause) {
    throw new ApiFailure(UNREACHABLE, { cause });
  }
  // A body that is no JSON, such as a proxy's page between, is told of by the status below.
  const body = await answer
    .text()
    .then(parseVisible)
    .catch(() => undefined);
  if (answer.ok && body !== undefined) return body as ApiAnswers[P];
  if (answer.status === 401) isTokenWanted.value = true;
  throw new ApiFailure(
    isProblem(body)
      ? body.error
      : {
          code: `status-${answer.status}`,
          message: `${path} answered with status ${answer.status} and nothing that could be read.`,
          hint: 'Look at the log of the process that serves this page.',
        },
  );
}

/** The address of a path and query of the API, as a string that names each question once. */
export function addressOf(path: string, query: Query): string {
  const address = new URL(path.slice(1), document.baseURI);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') address.searchParams.set(name, `${value}`);
  }
  return address.href;
}

function isProblem(body: unknown): body is ApiProblem {
  if (typeof body !== 'object' || body === null || !('error' in body)) return false;
  const { error } = body;
  return typeof error === 'object' && error !== null && 'message' in error && 'hint' in error;
}

const ANSWER_WITHIN_MS = 10_000;
const UNREACHABLE = {
  code: 'unreachable',
  message: 'The process that serves this page does not answer.',
  hint: 'Look whether it still runs, and whether the port-forward or tunnel to it is open. This page tries again by itself.',
};
