import type {
  BackendTarget,
  HeaderFilter,
  HttpFilter,
  HttpMatch,
  PathReplacement,
  RedirectFilter,
  ValueMatch,
} from '../../model/index.ts';

/** `GET /v1* x-version=2 ?debug~.+`: a star stands for a prefix by elements, a tilde for a regular expression. */
export function matchText({ method, path, headers, query }: HttpMatch): string {
  return [
    ...(method === undefined ? [] : [method]),
    pathText(path),
    ...headers.map(valueText),
    ...query.map((match) => `?${valueText(match)}`),
  ].join(' ');
}

/** `namespace/hostname:port`, or why it leads nowhere. */
export function targetText(target: BackendTarget): string {
  return target.kind === 'service' ? `${target.service}:${target.port}` : `nowhere (${target.reason})`;
}

/** A few words on what the filter does, without its long lists. */
export function filterText(filter: HttpFilter): string {
  switch (filter.type) {
    case 'request-headers':
      return `request headers ${headersText(filter)}`;
    case 'response-headers':
      return `response headers ${headersText(filter)}`;
    case 'redirect':
      return `redirect ${filter.status}${redirectText(filter)}`;
    case 'rewrite':
      return [
        'rewrite',
        ...(filter.hostname === undefined ? [] : [`host ${filter.hostname}`]),
        ...(filter.path === undefined ? [] : [replacementText(filter.path)]),
      ].join(' ');
    case 'mirror':
      return `mirror ${percentText(filter.numerator, filter.denominator)} to ${targetText(filter.backend)}`;
    case 'cors':
      return `CORS ${filter.allowOrigins.length === 0 ? 'for nobody' : filter.allowOrigins.join(',')}`;
    case 'extension':
      return filter.object;
  }
}

function pathText(path: HttpMatch['path']): string {
  switch (path.kind) {
    case 'exact':
      return path.value;
    case 'prefix':
      return `${path.value}*`;
    case 'regex':
      return `~${path.value}`;
    case 'grpc':
      return `${path.type === 'regex' ? '~' : ''}${path.service ?? '*'}/${path.method ?? '*'}`;
  }
}

function valueText({ kind, name, value }: ValueMatch): string {
  return `${name}${kind === 'regex' ? '~' : '='}${quoted(value)}`;
}

function headersText({ set, add, remove }: HeaderFilter): string {
  return [
    ...set.map(({ name, value }) => `${name}=${quoted(value)}`),
    ...add.map(({ name, value }) => `${name}+=${quoted(value)}`),
    ...remove.map((name) => `-${name}`),
  ].join(' ');
}

/** What it leaves as it is stays out. */
function redirectText({ scheme, hostname, port, path }: RedirectFilter): string {
  const parts = [
    ...(scheme === undefined ? [] : [`scheme ${scheme}`]),
    ...(hostname === undefined ? [] : [`host ${hostname}`]),
    ...(port === undefined ? [] : [`port ${port}`]),
    ...(path === undefined ? [] : [replacementText(path)]),
  ];
  return parts.length === 0 ? '' : ` to ${parts.join(' ')}`;
}

function replacementText({ kind, value }: PathReplacement): string {
  return kind === 'full' ? `path ${value}` : `prefix ${value}`;
}

function percentText(numerator: number, denominator: number): string {
  return `${Number(((numerator * 100) / denominator).toFixed(3))}%`;
}

function quoted(value: string): string {
  return /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
}
