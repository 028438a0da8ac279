import { HeaderList, type HttpRequest } from '../../../http/index.ts';
import type { JwtRule } from '../../../model/index.ts';
import { isSettableHeader } from '../../request/settable-header.ts';
import { claimAt } from '../claim-at.ts';
import type { VerifiedToken } from '../verified-token.ts';

/** The headers in which rules show what tokens say: nobody else may write them. In lower case. */
export function outputHeaders(rules: readonly JwtRule[]): ReadonlySet<string> {
  return new Set(
    rules
      .flatMap(({ outputPayloadToHeader, outputClaimToHeaders }) => [
        outputPayloadToHeader,
        ...outputClaimToHeaders.map(({ header }) => header),
      ])
      .filter((name) => name !== '' && isSettableHeader(name))
      .flatMap((name) => [name, folded(name)]),
  );
}

/** The request as if nobody had written those headers. */
export function withoutHeaders(request: HttpRequest, names: ReadonlySet<string>): HttpRequest {
  const kept = [...request.headers].filter(([name]) => !isAmong(names, name.toLowerCase()));
  return kept.length === request.headers.size ? request : { ...request, headers: new HeaderList(kept) };
}

/** CGI and its heirs (RFC 3875 §4.1.18, WSGI) read `_` in a name as `-`, and so one name as another. */
function isAmong(names: ReadonlySet<string>, name: string): boolean {
  return names.has(name) || (name.includes('_') && names.has(folded(name)));
}

function folded(name: string): string {
  return name.replaceAll('_', '-');
}

/** The request with what its rule shows of a good token. */
export function withOutputs(
  request: HttpRequest,
  { token, text, rule }: { readonly token: VerifiedToken; readonly text: string; readonly rule: JwtRule },
): HttpRequest {
  const added: [string, string][] = [];
  const payload = text.split('.')[1] ?? '';
  if (rule.outputPayloadToHeader !== '') added.push([rule.outputPayloadToHeader, payload]);
  for (const { header, claim } of rule.outputClaimToHeaders) {
    const value = headerText(claimAt(token.claims, claim));
    if (value !== undefined) added.push([header, value]);
  }
  const settable = added.filter(([name]) => isSettableHeader(name));
  if (settable.length === 0) return request;
  const headers = request.headers.clone();
  for (const [name, value] of settable) headers.set(name, value);
  return { ...request, headers };
}

/** Text, number or flag, in bytes of UTF-8; undefined for all else, and for what would not be one line of a header. */
function headerText(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined;
  const text = Buffer.from(String(value), 'utf8').toString('latin1');
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text) ? text.trim() : undefined;
}
