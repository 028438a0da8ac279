/**
 * A principal for each of the mesh's trust domains, where it names one of them: the mesh's own is the first of `domains`,
 * the others are its aliases. `cluster.local` stands for the mesh's own whatever that is called.
 */
export function withTrustDomainAliases(principal: string, domains: readonly string[]): readonly string[] {
  const parts = principal.split('/');
  const [domain = ''] = parts;
  // Anything else is no whole principal, or leaves the trust domain open.
  if (parts.length !== 5 || domain === '*') return [principal];
  const isOurs = domain === DEFAULT_DOMAIN || domains.some((known) => fitsDomain(known, domain));
  if (!isOurs) return [principal];
  const rest = parts.slice(1).join('/');
  const all = domains.map((known) => (isWildcardFor(known, domain) ? principal : `${known}/${rest}`));
  return [...new Set(all)];
}

/** The same for a trust domain alone. */
export function trustDomainWithAliases(domain: string, domains: readonly string[]): readonly string[] {
  return domains.includes(domain) ? domains : [domain];
}

function fitsDomain(known: string, domain: string): boolean {
  return known === domain || isWildcardFor(known, domain);
}

/** `*-td` for `old-td`. */
function isWildcardFor(known: string, domain: string): boolean {
  return domain.startsWith('*') && known.endsWith(domain.slice(1));
}

const DEFAULT_DOMAIN = 'cluster.local';
