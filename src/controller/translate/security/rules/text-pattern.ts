import type { StringMatch, TokenPrincipalMatch, Wildcard } from '../../../../model/index.ts';

/** `*`, `prefix*`, `*suffix` or the value itself; undefined for nothing at all. */
export function readText(value: string): StringMatch | undefined {
  if (value === '') return undefined;
  if (value === '*') return { kind: 'presence' };
  if (value.startsWith('*')) return { kind: 'suffix', value: value.slice(1) };
  if (value.endsWith('*')) return { kind: 'prefix', value: value.slice(0, -1) };
  return { kind: 'exact', value };
}

/** As `readText`, and `*` may stand anywhere and more than once. */
export function readWildcardText(value: string): StringMatch | Wildcard | undefined {
  const inner = value.replace(/^\*|\*$/, '');
  return inner.includes('*') ? { kind: 'wildcard', value } : readText(value);
}

/**
 * `issuer/subject`, split at the last slash since an issuer may be a URL, with `*` before or behind it. Without a slash it
 * is a part of the issuer, or with `*` in front of it a part of the subject (as Istio has it).
 */
export function readTokenPrincipal(value: string): TokenPrincipalMatch | undefined {
  if (value === '') return undefined;
  if (value === '*') return { issuer: ANY, subject: ANY };
  const slash = value.lastIndexOf('/');
  const issuer = slash === -1 ? value : value.slice(0, slash);
  const subject = slash === -1 ? '' : value.slice(slash + 1);
  if (value.startsWith('*')) {
    if (slash === -1) return { issuer: ANY, subject: { kind: 'suffix', value: value.slice(1) } };
    return { issuer: starFront(issuer), subject: { kind: 'exact', value: subject } };
  }
  if (value.endsWith('*')) {
    if (slash === -1) return { issuer: { kind: 'prefix', value: value.slice(0, -1) }, subject: ANY };
    const start = subject.slice(0, -1);
    return {
      issuer: { kind: 'exact', value: issuer },
      subject: start === '' ? ANY : { kind: 'prefix', value: start },
    };
  }
  return { issuer: { kind: 'exact', value: issuer }, subject: { kind: 'exact', value: subject } };
}

function starFront(text: string): StringMatch {
  return text === '*' ? ANY : { kind: 'suffix', value: text.slice(1) };
}

const ANY: StringMatch = { kind: 'presence' };
