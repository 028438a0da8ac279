import type { Redirect } from '../data/index.ts';

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };

/**
 * Compares a Location with the parts that a case names. Not named: the scheme and the path are the request's, the host is
 * not looked at, the port is the scheme's own, told or not.
 */
export function redirectDifferences(
  location: string | undefined,
  expected: Redirect,
  request: { readonly scheme: string; readonly path: string },
): readonly string[] {
  if (location === undefined) return ['expected a Location, got none'];
  const match = /^([a-z]+):\/\/(\[[^\]]*\]|[^/:?#]*)(?::(\d+))?([^?#]*)/.exec(location);
  if (match === null) return [`expected an absolute Location, got ${location}`];
  const [, scheme = '', host = '', port, path = ''] = match;
  const wantedScheme = expected.scheme ?? request.scheme;
  const wantedPath = expected.path ?? request.path.split('?')[0] ?? '';
  const wrong = (part: string, wanted: string, got: string): string[] =>
    wanted === got ? [] : [`Location ${location}: expected ${part} ${wanted}, got ${got}`];
  return [
    ...wrong('scheme', wantedScheme, scheme),
    ...(expected.host === undefined ? [] : wrong('host', expected.host, host)),
    ...(expected.port === undefined
      ? wrong('port', DEFAULT_PORTS[scheme] ?? '', port ?? DEFAULT_PORTS[scheme] ?? '')
      : wrong('port', expected.port, port ?? '')),
    ...wrong('path', wantedPath, path),
  ];
}
