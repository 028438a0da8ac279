/** What stands where a secret stood. */
export const REDACTED = '[redacted]';

type Redaction = readonly [pattern: RegExp, replacement: (match: string, ...groups: string[]) => string];

const gone = (): string => REDACTED;

/** Each finds one kind of secret, wherever it stands. */
const REDACTIONS: readonly Redaction[] = [
  // Private keys, also with line ends written as \n.
  [/-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY-----[\s\S]*?(?:-----END \1PRIVATE KEY-----|$)/g, gone],
  // PEM in base64, as Kubernetes writes it: certificates may stay.
  [/LS0tLS1CRUdJTi[A-Za-z0-9+/=_-]+/g, (match) => (isPrivatePem(match) ? REDACTED : match)],
  // Private keys of elliptic curves in DER, in base64.
  [/\b(?:MIGHAgEA|MIG2AgEA|MHcCAQEE|MIGkAgEBB|MC4CAQAw)[A-Za-z0-9+/=_-]{20,}/g, gone],
  // JWTs, and the first two parts of one that was cut.
  [/\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?/g, gone],
  [/\b(Bearer|Basic|Negotiate)\s+[A-Za-z0-9._~+/=-]{6,}/gi, (_match, scheme = '') => `${scheme} ${REDACTED}`],
  // redis://user:password@host
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi, (_match, scheme = '') => `${scheme}${REDACTED}@`],
  // name=value and name: value, where the value may be a string, also one within a string.
  [
    /([\w.-]*(?:authorization|cookie|passw(?:or)?d|secret|token|credentials?|(?:api|access|private|signing|encryption)[-_]?key))(["'\\]*\s*[=:]\s*)(?!\\*["']?\[redacted\])((?:(?:Bearer|Basic|Digest|Negotiate|ApiKey|Token)\s+)?(?:\\+"[^"]*\\"|"(?:[^"\\]|\\.)*"|'[^']*'|[^\s&"',;}\]\\]+))/gi,
    (_match, name = '', sign = '', value = '') => {
      const [quote = ''] = /^\\*"/.exec(value) ?? [];
      return `${name}${sign}${quote}${REDACTED}${quote}`;
    },
  ],
];

/** Text without the secrets that can be known as such: keys, tokens, passwords. Names of secrets stay. */
export function redactText(text: string): string {
  return REDACTIONS.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);
}

function isPrivatePem(base64: string): boolean {
  return Buffer.from(base64, 'base64').toString('latin1').includes('PRIVATE KEY');
}
