import {
  type Cidr,
  formatCidr,
  type PathPattern,
  type ServiceAccountMatch,
  type StringMatch,
  type TokenPrincipalMatch,
  type Wildcard,
} from '../../model/index.ts';

/** Any value that a policy may compare with. */
export type PolicyValue =
  | StringMatch
  | Wildcard
  | PathPattern
  | ServiceAccountMatch
  | TokenPrincipalMatch
  | Cidr
  | number;

/** A value as its author wrote it. */
export function valueText(value: PolicyValue): string {
  if (typeof value === 'number') return String(value);
  if ('kind' in value) return patternText(value);
  if ('serviceAccount' in value) return `${value.namespace}/${value.serviceAccount}`;
  if ('issuer' in value) return `${patternText(value.issuer)}/${patternText(value.subject)}`;
  return formatCidr(value);
}

function patternText(value: StringMatch | Wildcard | PathPattern): string {
  switch (value.kind) {
    case 'exact':
    case 'wildcard':
    case 'template':
      return value.value === '' ? '""' : value.value;
    case 'prefix':
      return `${value.value}*`;
    case 'suffix':
      return `*${value.value}`;
    case 'presence':
      return '*';
  }
}
