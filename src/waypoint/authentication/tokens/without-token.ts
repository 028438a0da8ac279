import { HeaderList, type HttpRequest } from '../../../http/index.ts';
import type { TokenLocation } from '../../../model/index.ts';
import { afterPrefix, cookiesOf, paramsOf } from './find-tokens.ts';

/** The request without what stands where a token was found, so that no backend gets hold of it. */
export function withoutToken(request: HttpRequest, location: TokenLocation): HttpRequest {
  switch (location.kind) {
    case 'header': {
      const headers = new HeaderList(
        [...request.headers].filter(
          ([name, value]) =>
            name.toLowerCase() !== location.name || afterPrefix(value, location.prefix) === undefined,
        ),
      );
      return { ...request, headers };
    }
    case 'param':
      return { ...request, target: withoutParam(request.target, location.name) };
    case 'cookie':
      return { ...request, headers: withoutCookie(request.headers, location.name) };
  }
}

function withoutParam(target: string, name: string): string {
  const path = target.slice(0, target.indexOf('?'));
  const kept = paramsOf(target).filter((param) => param.name !== name);
  return kept.length === 0 ? path : `${path}?${kept.map(({ raw }) => raw).join('&')}`;
}

function withoutCookie(headers: HeaderList, name: string): HeaderList {
  const result = new HeaderList();
  for (const [field, value] of headers) {
    if (field.toLowerCase() !== 'cookie') {
      result.add(field, value);
      continue;
    }
    const kept = cookiesOf([value]).filter((cookie) => cookie.name !== name);
    if (kept.length > 0) result.add(field, kept.map(({ raw }) => raw.trim()).join('; '));
  }
  return result;
}
