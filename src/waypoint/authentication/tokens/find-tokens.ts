import type { HttpRequest } from '../../../http/index.ts';
import type { TokenLocation } from '../../../model/index.ts';

/** A token as it stands in a request. */
export interface FoundToken {
  readonly text: string;
  readonly location: TokenLocation;
}

/** Everything that stands where a token may stand. The same text in two places is found twice. */
export function findTokens(request: HttpRequest, locations: readonly TokenLocation[]): readonly FoundToken[] {
  return locations.flatMap((location) => textsAt(request, location).map((text) => ({ text, location })));
}

/** Names one location among others. */
export function locationKey(location: TokenLocation): string {
  const prefix = location.kind === 'header' ? location.prefix.toLowerCase() : '';
  return `${location.kind} ${location.name} ${prefix}`;
}

function textsAt({ headers, target }: HttpRequest, location: TokenLocation): readonly string[] {
  switch (location.kind) {
    case 'header':
      return headers.all(location.name).flatMap((value) => afterPrefix(value, location.prefix) ?? []);
    case 'param':
      return paramsOf(target).flatMap(({ name, value }) => (name === location.name ? [value] : []));
    case 'cookie':
      return cookiesOf(headers.all('cookie')).flatMap(({ name, value }) =>
        name === location.name ? [value] : [],
      );
  }
}

/** A scheme's case does not count (RFC 9110 §11.1), so that of no prefix does. */
export function afterPrefix(value: string, prefix: string): string | undefined {
  const text = value.trim();
  if (!text.toLowerCase().startsWith(prefix.toLowerCase())) return undefined;
  const token = text.slice(prefix.length).trim();
  return token === '' ? undefined : token;
}

interface NamedValue {
  readonly name: string;
  readonly value: string;
  /** As it stands there. */
  readonly raw: string;
}

/** The parameters of a target's query, in their order; `raw` as it stands there. */
export function paramsOf(target: string): readonly NamedValue[] {
  const start = target.indexOf('?');
  if (start === -1) return [];
  return target
    .slice(start + 1)
    .split('&')
    .flatMap((raw) => {
      const [[name = '', value = ''] = []] = [...new URLSearchParams(raw)];
      return name === '' ? [] : [{ name, value, raw }];
    });
}

/** RFC 6265 §4.2.1; of a value in quotes what is between them. */
export function cookiesOf(fields: readonly string[]): readonly NamedValue[] {
  return fields.flatMap((field) =>
    field.split(';').flatMap((raw) => {
      const equals = raw.indexOf('=');
      if (equals === -1) return [];
      const value = raw.slice(equals + 1).trim();
      const isQuoted = value.length > 1 && value.startsWith('"') && value.endsWith('"');
      return [{ name: raw.slice(0, equals).trim(), value: isQuoted ? value.slice(1, -1) : value, raw }];
    }),
  );
}
