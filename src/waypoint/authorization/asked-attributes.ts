import type { RequestPolicy, RequestTest } from '../../model/index.ts';

/** What policies want to know of a request beside what every request has. */
export interface AskedAttributes {
  /** In lower case. */
  readonly headers: readonly string[];
  /** The outermost claims of tokens. */
  readonly claims: readonly string[];
}

export const NOTHING_ASKED: AskedAttributes = { headers: [], claims: [] };

/** Of all policies, enforced or not. */
export function askedAttributes(policies: readonly RequestPolicy[]): AskedAttributes {
  const headers = new Set<string>();
  const claims = new Set<string>();
  const note = (test: RequestTest): void => {
    if (test.subject === 'claim') claims.add(test.path[0] ?? '');
    // With a colon: parts of the request line, which every request has.
    else if ((test.subject === 'header' || test.subject === 'header-element') && !test.name.startsWith(':'))
      headers.add(test.name);
  };
  for (const { rules } of policies)
    for (const { from, to, when } of rules)
      for (const test of [...from.flat(), ...to.flat(), ...when]) note(test);
  return { headers: [...headers].sort(), claims: [...claims].sort() };
}
