import type { HttpRequest } from '../../http/index.ts';

/** What the matches of routes ask about one request, each worked out once and only when it is asked for. */
export class RequestFacts {
  readonly #request: HttpRequest;
  readonly path: string;
  /** Host without its port, in lower case. */
  readonly host: string;
  readonly #headers = new Map<string, string | undefined>();
  #query: ReadonlyMap<string, string> | undefined;

  constructor(request: HttpRequest) {
    this.#request = request;
    this.path = pathOf(request.target);
    this.host = hostOf(request.authority);
  }

  get method(): string {
    return this.#request.method;
  }

  /** gRPC over HTTP/2, and its likes for browsers (`application/grpc-web`): all are POSTs of such a type. */
  get isGrpc(): boolean {
    return this.method === 'POST' && /^application\/grpc\b/i.test(this.header('content-type') ?? '');
  }

  /** All values as one. `name` in lower case. */
  header(name: string): string | undefined {
    // Messages carry Host beside their fields; a route may match it all the same.
    if (name === 'host') return this.#request.authority;
    if (this.#headers.has(name)) return this.#headers.get(name);
    const value = this.#request.headers.joined(name);
    this.#headers.set(name, value);
    return value;
  }

  /** The first value of a query parameter. Names and values are compared with their percent-encoding taken off. */
  query(name: string): string | undefined {
    this.#query ??= parseQuery(this.#request.target);
    return this.#query.get(name);
  }
}

/** The target up to its query. */
export function pathOf(target: string): string {
  const mark = target.indexOf('?');
  return mark === -1 ? target : target.slice(0, mark);
}

/** The query with its question mark; empty when there is none. */
export function queryOf(target: string): string {
  const mark = target.indexOf('?');
  return mark === -1 ? '' : target.slice(mark);
}

/** The host of an authority: no port, no brackets, no final dot, in lower case. */
function hostOf(authority: string): string {
  const host = authority.startsWith('[')
    ? authority.slice(1, authority.indexOf(']'))
    : authority.replace(/:\d*$/, '');
  return (host.endsWith('.') ? host.slice(0, -1) : host).toLowerCase();
}

/** The port of an authority; undefined when it names none. */
export function portOf(authority: string): number | undefined {
  const digits = /:(\d+)$/.exec(authority)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** `+` stays what it is: RFC 3986 knows no other meaning, and forms are the application's business. */
function parseQuery(target: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const pair of queryOf(target).slice(1).split('&')) {
    const equals = pair.indexOf('=');
    const name = percentDecoded(equals === -1 ? pair : pair.slice(0, equals));
    if (!values.has(name)) values.set(name, equals === -1 ? '' : percentDecoded(pair.slice(equals + 1)));
  }
  return values;
}

/** What does not decode stands for itself. */
function percentDecoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
