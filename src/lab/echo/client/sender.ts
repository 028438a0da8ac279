/** Sends the same request again and again, over one connection where the protocol has requests. */
export interface EchoSender {
  send(): Promise<EchoAnswer>;
  close(): void;
}

/** One answer, as it is printed. */
export interface EchoAnswer {
  /** `Field=value`, what echo's client tells of an answer beside its body. */
  readonly head: readonly string[];
  readonly body: string;
}

/** The parts of a URL, the path as it was written: tests send paths that a URL parser would put in order. */
export interface RawUrl {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** Host and port as written. */
  readonly authority: string;
  readonly path: string;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, ws: 80, https: 443, wss: 443 };
const SECURE = new Set(['https', 'wss', 'grpcs', 'tls']);

/** Throws where it is no `SCHEME://HOST[:PORT][/PATH]`. */
export function splitUrl(url: string): RawUrl {
  const match = /^([a-z]+):\/\/(\[[^\]]+\]|[^/:?#]+)(?::(\d+))?(.*)$/s.exec(url);
  const [, scheme = '', host = '', port] = match ?? [];
  if (match === null) throw new Error(`expected SCHEME://HOST[:PORT][/PATH], got ${url}`);
  const rest = match[4] ?? '';
  return {
    secure: SECURE.has(scheme),
    host: host.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port ?? DEFAULT_PORTS[scheme] ?? 80),
    authority: port === undefined ? host : `${host}:${port}`,
    path: rest === '' ? '/' : rest.startsWith('/') ? rest : `/${rest}`,
  };
}

/** `Name:value` taken apart; the Host among them is told apart. */
export function splitHeaders(headers: readonly string[]): {
  readonly host: string | undefined;
  readonly others: readonly (readonly [name: string, value: string])[];
} {
  const pairs = headers.map((text): readonly [string, string] => {
    const colon = text.indexOf(':');
    return colon === -1 ? [text, ''] : [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
  });
  return {
    host: pairs.find(([name]) => name.toLowerCase() === 'host')?.[1],
    others: pairs.filter(([name]) => name.toLowerCase() !== 'host'),
  };
}
