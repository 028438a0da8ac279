import { type Colours, printable } from '../terminal/index.ts';
import type { CheckResult } from './check-result.ts';

const TITLES: Readonly<Record<CheckResult['group'], string>> = {
  machine: 'This machine',
  mesh: 'The mesh',
  cluster: 'The cluster',
};

/** One line for each check, below it what to do, and at the end how many are not as they should be. */
export function checkText(results: readonly CheckResult[], colours: Colours): string {
  const marks: Readonly<Record<CheckResult['outcome'], string>> = {
    ok: colours.green('✓'),
    warning: colours.yellow('!'),
    failed: colours.red('✗'),
    'not seen': colours.dim('·'),
  };
  const lines: string[] = [];
  for (const group of ['machine', 'mesh', 'cluster'] as const) {
    const own = results.filter((result) => result.group === group);
    if (own.length === 0) continue;
    lines.push(colours.bold(TITLES[group]));
    for (const { name, outcome, seen, hint } of own) {
      lines.push(
        `${marks[outcome]} ${name}: ${outcome === 'not seen' ? `not seen: ${printable(seen)}` : printable(seen)}`,
      );
      if (hint !== '') lines.push(`  ${colours.cyan('hint:')} ${hint}`);
    }
    lines.push('');
  }
  return `${lines.join('\n')}\n${summary(results)}\n`;
}

function summary(results: readonly CheckResult[]): string {
  const count = (outcome: CheckResult['outcome']): number =>
    results.filter((result) => result.outcome === outcome).length;
  const parts = [
    `${count('ok')} fine`,
    `${count('warning')} to look at`,
    `${count('failed')} wrong`,
    `${count('not seen')} not seen`,
  ];
  return parts.join(', ');
}
