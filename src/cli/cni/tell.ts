import type { CliContext } from '../context.ts';
import { printable } from '../terminal/index.ts';
import type { Finding } from './node-chain.ts';

/** Says what was done, and on stderr what is the matter. */
export function tell(findings: readonly Finding[], { terminal }: Pick<CliContext, 'terminal'>): void {
  for (const { level, text } of findings) {
    if (level === 'done') terminal.stdout.write(`${printable(text)}\n`);
    else terminal.stderr.write(`warning: ${printable(text)}\n`);
  }
}
