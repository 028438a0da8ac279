import type { ServiceAccountMatch, StringMatch } from '../model/index.ts';

/** Undefined stands for "says nothing": an attribute without values neither holds nor fails. */
export type StringTest = ((value: string) => boolean) | undefined;

/** True for a value that any of the given matches accept. */
export function compileStrings(matches: readonly StringMatch[]): StringTest {
  if (matches.length === 0) return undefined;
  const exact = new Set<string>();
  const prefixes: string[] = [];
  const suffixes: string[] = [];
  let presence = false;
  for (const match of matches) {
    switch (match.kind) {
      case 'exact':
        exact.add(match.value);
        break;
      case 'prefix':
        prefixes.push(match.value);
        break;
      case 'suffix':
        suffixes.push(match.value);
        break;
      case 'presence':
        presence = true;
        break;
    }
  }
  if (prefixes.length === 0 && suffixes.length === 0 && !presence) return (value) => exact.has(value);
  return (value) =>
    exact.has(value) ||
    (presence && value !== '') ||
    prefixes.some((prefix) => value.startsWith(prefix)) ||
    suffixes.some((suffix) => value.endsWith(suffix));
}

/** Takes `<namespace>/<service account>`; both must be equal, whatever the trust domain. */
export function compileServiceAccounts(accounts: readonly ServiceAccountMatch[]): StringTest {
  if (accounts.length === 0) return undefined;
  const names = new Set(accounts.map((account) => `${account.namespace}/${account.serviceAccount}`));
  return (value) => names.has(value);
}
