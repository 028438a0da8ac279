import { CONNECTION_FIELDS, isForbiddenTrailer } from '../../message/field-kinds.ts';
import { HeaderList } from '../../message/header-list.ts';
import type { HeaderField } from '../hpack/index.ts';

/** A message's fields as HTTP/2 carries them, taken apart. The engine has checked them one by one (RFC 9113 §8.2, §8.3). */
export interface ReadFields {
  readonly pseudo: ReadonlyMap<string, string>;
  readonly headers: HeaderList;
  readonly host: readonly string[];
  readonly contentLength: readonly string[];
  readonly expect: readonly string[];
}

/** Crumbs of a cookie come back together (RFC 9113 §8.2.3); what is about the connection alone is taken off. */
export function readFields(fields: readonly HeaderField[]): ReadFields {
  const pseudo = new Map<string, string>();
  const headers = new HeaderList();
  const host: string[] = [];
  const contentLength: string[] = [];
  const expect: string[] = [];
  for (const [name, value] of fields) {
    if (name.startsWith(':')) pseudo.set(name, value);
    else if (!CONNECTION_FIELDS.has(name) || name === 'te') {
      const cookie = name === 'cookie' ? headers.get(name) : undefined;
      if (cookie === undefined) headers.add(name, value);
      else headers.set(name, `${cookie}; ${value}`);
    } else if (name === 'host') host.push(value);
    else if (name === 'content-length') contentLength.push(value);
    else if (name === 'expect') expect.push(value);
  }
  return { pseudo, headers, host, contentLength, expect };
}

/** The fields behind a body, without those that must not stand there. */
export function readTrailers(fields: readonly HeaderField[]): HeaderList | undefined {
  const allowed = fields.filter(([name]) => !isForbiddenTrailer(name));
  return allowed.length === 0 ? undefined : new HeaderList(allowed);
}
