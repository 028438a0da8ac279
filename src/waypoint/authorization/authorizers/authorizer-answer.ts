import type { HeaderList } from '../../../http/index.ts';
import type { CheckedHeader, CheckedParameter } from '../../../wire/index.ts';

/** What an authorizer says of a request or connection. */
export type AuthorizerAnswer = Allowance | Refusal;

/** The request may go on, changed like this. */
export interface Allowance {
  readonly allowed: true;
  /** What becomes of the request on its way on; removals come last. */
  readonly requestHeaders: readonly CheckedHeader[];
  readonly removedHeaders: readonly string[];
  readonly setParameters: readonly CheckedParameter[];
  readonly removedParameters: readonly string[];
  /** What becomes of the answer that it gets. */
  readonly responseHeaders: readonly CheckedHeader[];
}

/** The answer that the client is to get. */
export interface Refusal {
  readonly allowed: false;
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: Buffer;
}
