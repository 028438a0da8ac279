import { type AuthorizationPolicy, type Clause, EMPTY_MATCH, type Match } from '../../model/index.ts';
import type { L4Attributes } from '../attributes.ts';
import { compileMatch, type Judged, judge } from '../compile-match.ts';
import { type RuleAppraisal, type UnmetPart, wished } from './appraisal.ts';
import { type PolicyValue, valueText } from './value-text.ts';

/** How near each rule of a policy is to holding for a connection, by the tests that decide. For telling people: not fast. */
export function appraiseL4(policy: AuthorizationPolicy, attributes: L4Attributes): readonly RuleAppraisal[] {
  const judged = judge(attributes);
  return policy.rules.map(({ clauses }, rule) => ({
    rule,
    unmet: clauses.flatMap((clause, index) => unmetOfClause(clause, index, judged)),
  }));
}

/** Of the clause's matches, what the nearest one is short of. */
function unmetOfClause({ matches }: Clause, index: number, judged: Judged): readonly UnmetPart[] {
  const attempts = matches.map((match) => unmetOfMatch(match, `clause ${index + 1}`, judged));
  return attempts.toSorted((a, b) => a.length - b.length)[0] ?? [];
}

function unmetOfMatch(match: Match, where: string, judged: Judged): readonly UnmetPart[] {
  const asked = ATTRIBUTES.filter(
    ({ values, notValues }) => values(match).length + notValues(match).length > 0,
  );
  if (asked.length === 0)
    return [{ where, subject: 'match', expected: 'something to look at', got: 'nothing' }];
  return asked.flatMap(({ subject, only, values, notValues, got }) => {
    if (compileMatch({ ...EMPTY_MATCH, ...only(match) })?.(judged) === true) return [];
    const expected = wished(values(match).map(valueText), notValues(match).map(valueText));
    return [{ where, subject, expected, got: got(judged.attributes) }];
  });
}

interface Attribute {
  readonly subject: string;
  values(match: Match): readonly PolicyValue[];
  notValues(match: Match): readonly PolicyValue[];
  /** What of a match looks at this alone. */
  only(match: Match): Partial<Match>;
  got(attributes: L4Attributes): string;
}

const NOBODY = 'no identity (plaintext)';

const ATTRIBUTES: readonly Attribute[] = [
  attribute(
    'principal',
    'principals',
    'notPrincipals',
    ({ source }) => source?.id.slice('spiffe://'.length) ?? NOBODY,
  ),
  attribute('namespace', 'namespaces', 'notNamespaces', ({ source }) => source?.namespace ?? NOBODY),
  attribute('service account', 'serviceAccounts', 'notServiceAccounts', ({ source }) =>
    source === undefined ? NOBODY : `${source.namespace}/${source.serviceAccount}`,
  ),
  attribute('source IP', 'sourceIps', 'notSourceIps', ({ sourceAddress }) => sourceAddress),
  attribute(
    'destination IP',
    'destinationIps',
    'notDestinationIps',
    ({ destinationAddress }) => destinationAddress,
  ),
  attribute('port', 'destinationPorts', 'notDestinationPorts', ({ destinationPort }) =>
    String(destinationPort),
  ),
];

function attribute<Name extends keyof Match>(
  subject: string,
  positive: Name,
  negative: Name,
  got: Attribute['got'],
): Attribute {
  return {
    subject,
    values: (match) => match[positive],
    notValues: (match) => match[negative],
    only: (match) => ({ [positive]: match[positive], [negative]: match[negative] }),
    got,
  };
}
