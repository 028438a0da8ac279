import type { HttpRequest } from '../../../http/index.ts';
import type { Authorizer, CheckedBody } from '../../../model/index.ts';
import type { RequestContext } from '../../request/request-context.ts';
import { createRequestRecord } from '../../request/request-record.ts';
import type { JudgedParties } from '../attributes.ts';
import type { PeekedBody } from './peek-body.ts';

/** What an authorizer is asked about. */
export interface Question {
  readonly parties: QuestionParties;
  /** Empty: none. */
  readonly sni: string;
  /** Undefined: a connection that is carried as it comes. */
  readonly http: QuestionedRequest | undefined;
}

/** The request, with as much of its body as any authorizer may see. */
export interface QuestionedRequest {
  readonly request: HttpRequest;
  /** Undefined: no authorizer wants to see it. */
  readonly body: PeekedBody | undefined;
}

/** What of a body an authorizer sees; undefined: nothing. */
export function shownTo(
  wanted: CheckedBody | undefined,
  body: PeekedBody | undefined,
): { readonly bytes: Buffer; readonly isPartial: boolean } | undefined {
  if (wanted === undefined || body === undefined) return undefined;
  const bytes = body.beginning.subarray(0, wanted.maxBytes);
  return { bytes, isPartial: !body.complete || bytes.length < body.beginning.length };
}

/** Tells an authorizer whether the body that it sees is only the beginning of one; Envoy's name for it. */
export const PARTIAL_BODY_HEADER = 'x-envoy-auth-partial-body';

/** Of a request's context all that there is of a connection too. */
export type QuestionParties = JudgedParties & Pick<RequestContext, 'plan' | 'signal'>;

/** How long the question may take: as long as somebody waits for what it is about. */
export interface QuestionContextOptions {
  readonly signal: AbortSignal;
  readonly startedMs: number;
  onEnd(listener: () => void): void;
}

/** A question is a request of its own to the authorizer's service: what the asked-about request's routes say is not for it. */
export function questionContext(
  { client, dialled, plan }: QuestionParties,
  { service, port }: Pick<Authorizer, 'service' | 'port'>,
  { signal, startedMs, onEnd }: QuestionContextOptions,
): RequestContext {
  return {
    client,
    dialled,
    plan,
    signal,
    startedMs,
    record: createRequestRecord(),
    tokens: [],
    route: () => ({ kind: 'default' }),
    backend: { kind: 'service', service, port },
    backendFilters: [],
    consumer: undefined,
    attempt: 1,
    excluded: new Set(),
    stickTo: undefined,
    informational: ignore,
    onEnd,
  };
}

function ignore(): void {
  // Interim answers to a question are for nobody.
}
