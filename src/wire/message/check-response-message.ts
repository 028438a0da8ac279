import { badField } from '../codec/field.ts';
import { enumTable } from '../codec/enum-table.ts';
import { decodeMessage } from '../codec/resource-codec.ts';
import {
  type HeaderValueOption,
  HeaderValueOption_HeaderAppendAction as AppendAction,
} from '../generated/core_pb.js';
import {
  CheckResponseSchema,
  type DeniedHttpResponse,
  type OkHttpResponse,
} from '../generated/external_authorization_pb.js';

/** What an authorizer answers. */
export type CheckResponse =
  | {
      readonly allowed: true;
      /** Of the request on its way on. */
      readonly requestHeaders: readonly CheckedHeader[];
      readonly removedHeaders: readonly string[];
      readonly responseHeaders: readonly CheckedHeader[];
      readonly setParameters: readonly CheckedParameter[];
      readonly removedParameters: readonly string[];
    }
  | {
      readonly allowed: false;
      /** Undefined: it says none. */
      readonly status: number | undefined;
      readonly headers: readonly CheckedHeader[];
      readonly body: string;
    };

/** The value is bytes in the form of HTTP's fields: one character each. */
export interface CheckedHeader {
  readonly name: string;
  readonly value: string;
  readonly action: HeaderAction;
}

/** What becomes of a header of this name that is there already, or is not. */
export type HeaderAction = 'set' | 'add' | 'add-if-absent' | 'set-if-present';

/** A parameter of the query that the authorizer sets. */
export interface CheckedParameter {
  readonly name: string;
  readonly value: string;
}

/**
 * Throws WireError: an answer that is not understood in full is none. A header of the request whose message does not say
 * what to do replaces what the client sent, as Envoy's documentation has it; one of the answer is added.
 */
export function decodeCheckResponse(bytes: Uint8Array): CheckResponse {
  const { status, httpResponse } = decodeMessage(CheckResponseSchema, bytes);
  // Nobody lets a request through by saying nothing.
  if (status === undefined && httpResponse.case === undefined)
    throw badField('status', 'expected a status, got none');
  const isAllowed = status === undefined ? httpResponse.case === 'okResponse' : status.code === OK;
  if (isAllowed) return allowance(httpResponse.case === 'okResponse' ? httpResponse.value : undefined);
  return denial(httpResponse.case === 'deniedResponse' ? httpResponse.value : undefined);
}

function allowance(ok: OkHttpResponse | undefined): CheckResponse {
  return {
    allowed: true,
    requestHeaders: (ok?.headers ?? []).map((option, index) => header(option, 'set', `headers[${index}]`)),
    removedHeaders: (ok?.headersToRemove ?? []).map((name) => name.toLowerCase()),
    responseHeaders: (ok?.responseHeadersToAdd ?? []).map((option, index) =>
      header(option, 'add', `response_headers_to_add[${index}]`),
    ),
    setParameters: (ok?.queryParametersToSet ?? []).map(({ key, value }) => ({ name: key, value })),
    removedParameters: ok?.queryParametersToRemove ?? [],
  };
}

function denial(denied: DeniedHttpResponse | undefined): CheckResponse {
  const code = denied?.status?.code ?? 0;
  if (code !== 0 && (code < 200 || code > 599))
    throw badField('denied_response.status', `expected a status from 200 to 599, got ${code}`);
  return {
    allowed: false,
    status: code === 0 ? undefined : code,
    headers: (denied?.headers ?? []).map((option, index) =>
      header(option, 'add', `denied_response.headers[${index}]`),
    ),
    body: denied?.body ?? '',
  };
}

function header(option: HeaderValueOption, unsaid: HeaderAction, path: string): CheckedHeader {
  const name = option.header?.key ?? '';
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z:-]+$/.test(name))
    throw badField(`${path}.header.key`, 'expected the name of a header, got another text');
  const { value = '', rawValue } = option.header ?? {};
  const text = (value === '' && rawValue !== undefined ? Buffer.from(rawValue) : Buffer.from(value)).toString(
    'latin1',
  );
  if (/[^\t\x20-\x7e\x80-\xff]/.test(text))
    throw badField(`${path}.header.value`, 'expected the value of a header, got one with control characters');
  return { name: name.toLowerCase(), value: text.trim(), action: actionOf(option, unsaid, path) };
}

function actionOf({ append, appendAction }: HeaderValueOption, unsaid: HeaderAction, path: string) {
  if (append !== undefined) return append ? 'add' : 'set';
  if (appendAction === AppendAction.APPEND_IF_EXISTS_OR_ADD) return unsaid;
  return ACTIONS.decode(appendAction, `${path}.append_action`);
}

const ACTIONS = enumTable<HeaderAction>({
  add: AppendAction.APPEND_IF_EXISTS_OR_ADD,
  'add-if-absent': AppendAction.ADD_IF_ABSENT,
  set: AppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
  'set-if-present': AppendAction.OVERWRITE_IF_EXISTS,
});

/** `google.rpc.Code`. */
const OK = 0;
