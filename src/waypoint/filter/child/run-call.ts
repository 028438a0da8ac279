import type {
  FilterAnswer,
  FilterContext,
  FilterLog,
  FilterModule,
  FilterRequest,
  FilterResponse,
} from '../author/filter-api.ts';
import { NO_BYTES } from '../protocol/frame.ts';
import { type CallHead, LONGEST_LOCALS, type ResultHead } from '../protocol/messages.ts';
import { FieldList } from './field-list.ts';

/** What a call has come to, as it is sent back. */
export interface CallResult {
  readonly head: ResultHead;
  readonly body: Uint8Array;
}

/** What all calls of a module have in common. */
export interface ModuleParts {
  readonly module: FilterModule;
  readonly config: Readonly<Record<string, unknown>>;
  readonly log: FilterLog;
}

/** Calls the module. Throws (or rejects with) what it throws, and a TypeError for what makes no sense as a result. */
export function runCall(
  parts: ModuleParts,
  call: CallHead,
  body: Uint8Array,
): CallResult | Promise<CallResult> {
  const locals = JSON.parse(call.context.locals) as Record<string, unknown>;
  const { client, service, route } = call.context;
  const context: FilterContext = {
    client: Object.freeze(client),
    service: service && Object.freeze(service),
    route: route && Object.freeze(route),
    config: parts.config,
    locals,
    log: parts.log,
  };
  const given = call.hook === 'request' ? createRequest(call, body) : createResponse(call, body);
  const returned = given.invoke(parts.module, context);
  const finish = (answer: FilterAnswer | undefined): CallResult => {
    const result = answer === undefined ? given.changes() : answerResult(answer);
    const left = JSON.stringify(locals);
    if (left === call.context.locals) return result;
    if (left === undefined || left.length > LONGEST_LOCALS)
      throw new TypeError(`expected context.locals of at most ${LONGEST_LOCALS} characters of JSON`);
    return { ...result, head: { ...result.head, locals: left } };
  };
  return isThenable(returned) ? Promise.resolve(returned).then(finish) : finish(returned);
}

interface Given {
  invoke(module: FilterModule, context: FilterContext): ReturnType<NonNullable<FilterModule['onRequest']>>;
  /** What the module has changed. */
  changes(): CallResult;
}

function createRequest({ request: head, hasBody }: CallHead, body: Uint8Array): Given {
  const headers = new FieldList(head.headers);
  const bytes = hasBody ? body.slice() : undefined;
  const request: FilterRequest = {
    method: head.method,
    path: head.path,
    authority: head.authority,
    scheme: head.scheme,
    version: head.version,
    headers,
    body: bytes,
  };
  return {
    invoke: (module, context) => module.onRequest?.(request, context),
    changes: () => ({
      head: {
        answer: false,
        ...(request.method === head.method ? {} : { method: String(request.method) }),
        ...(request.path === head.path ? {} : { path: String(request.path) }),
        ...(headers.isChanged ? { headers: headers.toPairs() } : {}),
        ...(request.body === bytes ? {} : { hasBody: true }),
      },
      body: request.body === bytes ? NO_BYTES : bytesOf(request.body),
    }),
  };
}

function createResponse({ response: head, hasBody }: CallHead, body: Uint8Array): Given {
  const headers = new FieldList(head?.headers ?? []);
  const bytes = hasBody ? body.slice() : undefined;
  const response: FilterResponse = { status: head?.status ?? 0, headers, body: bytes };
  return {
    invoke: (module, context) => module.onResponse?.(response, context),
    changes: () => ({
      head: {
        answer: false,
        ...(response.status === head?.status ? {} : { status: checkStatus(response.status) }),
        ...(headers.isChanged ? { headers: headers.toPairs() } : {}),
        ...(response.body === bytes ? {} : { hasBody: true }),
      },
      body: response.body === bytes ? NO_BYTES : bytesOf(response.body),
    }),
  };
}

function answerResult(answer: FilterAnswer): CallResult {
  if (typeof answer !== 'object' || answer === null)
    throw new TypeError(`expected an answer { status, headers, body } or nothing, got ${typeof answer}`);
  const { status, headers = [], body } = answer;
  const fields = new FieldList([]);
  const pairs = isIterable(headers) ? headers : Object.entries(headers);
  for (const [name, value] of pairs) fields.add(name, value);
  return {
    head: {
      answer: true,
      status: checkStatus(status),
      headers: fields.toPairs(),
      hasBody: body !== undefined,
    },
    body: bytesOf(body),
  };
}

function checkStatus(status: unknown): number {
  if (typeof status === 'number' && Number.isInteger(status) && status >= 200 && status <= 599) return status;
  throw new TypeError(`expected a status from 200 to 599, got ${String(status)}`);
}

function bytesOf(body: unknown): Uint8Array {
  if (body === undefined || body === null) return NO_BYTES;
  if (typeof body === 'string') return new TextEncoder().encode(body);
  if (body instanceof Uint8Array) return body;
  throw new TypeError(`expected a body of text or bytes (Uint8Array), got ${typeof body}`);
}

function isIterable(value: object): value is Iterable<readonly [string, string]> {
  return Symbol.iterator in value;
}

function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
