/** Whether an Origin is one that a CORS filter names. */
export type OriginPattern = (origin: string) => boolean;

/**
 * `*`, or `<scheme>://<host>[:<port>]` whose host may begin with `*`, which stands for any labels and parts of one. Scheme
 * and host go without case, and a port that is not written is the well-known one (Gateway API, cors.allowOrigins).
 */
export function compileOrigin(pattern: string): OriginPattern {
  if (pattern === '*') return () => true;
  const wanted = parseOrigin(pattern);
  if (wanted === undefined) return (origin) => origin === pattern;
  const { scheme, host, port } = wanted;
  const suffix = host.startsWith('*') ? host.slice(1) : undefined;
  return (origin) => {
    const given = parseOrigin(origin);
    if (given === undefined || given.scheme !== scheme || given.port !== port) return false;
    if (suffix === undefined) return given.host === host;
    return given.host.length > suffix.length && given.host.endsWith(suffix);
  };
}

interface Origin {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
}

/** Undefined for `null`, for other schemes and for what is no origin. */
function parseOrigin(text: string): Origin | undefined {
  const [, scheme = '', host = '', port] = ORIGIN.exec(text.toLowerCase()) ?? [];
  if (scheme === '') return undefined;
  return { scheme, host, port: port === undefined ? (WELL_KNOWN_PORTS[scheme] ?? 0) : Number(port) };
}

const ORIGIN = /^(https?):\/\/(\[[0-9a-f:.]+\]|[^\s:/?#@[\]]+)(?::(\d{1,5}))?$/;
const WELL_KNOWN_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };
