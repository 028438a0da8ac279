import type { Colours } from '../../terminal/index.ts';
import type { PolicyFact } from '../explanation.ts';

/** What a policy did, and of one that did not match what its nearest rule was short of. */
export function policyLines(fact: PolicyFact, colours: Colours): readonly string[] {
  const { policy, kind, action, dryRun, rule, effect, unmet } = fact;
  const head = `${kind} ${policy} ${action}${dryRun ? ', dry run' : ''}: ${outcomeText(fact)}`;
  const sign = SIGNS[effect](colours);
  if (effect !== 'no match' || unmet.length === 0 || kind === 'PeerAuthentication')
    return [`    ${sign} ${head}`];
  const nearest = unmet.map(
    ({ where, subject, expected, got }) => `${where}, ${subject}: expected ${expected}, got ${got}`,
  );
  return [
    `    ${sign} ${head}`,
    ...nearest.map((text, index) =>
      colours.dim(`      ${index === 0 ? `nearest was rule ${rule}: ` : '                    '}${text}`),
    ),
  ];
}

function outcomeText({ effect, rule, wouldBe }: PolicyFact): string {
  switch (effect) {
    case 'allowed':
      return `rule ${rule} allows it`;
    case 'denied':
      return `rule ${rule} denies it`;
    case 'asks':
      return `rule ${rule} asks an authorizer`;
    case 'noted':
      return `rule ${rule} notes it`;
    case 'matched':
      return `rule ${rule} matches${wouldBe === '' ? '' : `, and ${wouldBe}`}`;
    case 'not received':
      return 'named by the workload, and not there';
    case 'no match':
      return `${rule === 0 ? 'has no rule' : 'no rule matches'}${wouldBe === '' ? '' : `, and enforced it ${wouldBe}`}`;
  }
}

const SIGNS: Readonly<Record<PolicyFact['effect'], (colours: Colours) => string>> = {
  allowed: (colours) => colours.green('✓'),
  matched: (colours) => colours.dim('·'),
  noted: (colours) => colours.dim('·'),
  'no match': (colours) => colours.dim('-'),
  denied: (colours) => colours.red('✗'),
  'not received': (colours) => colours.red('✗'),
  asks: (colours) => colours.yellow('?'),
};
