import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { CliContext } from './context.ts';

export const VERSION = readVersion();

/** `nodemesh version`. */
export function addVersionCommand(program: Command, { terminal }: CliContext): void {
  program
    .command('version')
    .description('print the versions of nodemesh and Node')
    .action(() => {
      terminal.stdout.write(`nodemesh ${VERSION}\nnode ${process.version}\n`);
    });
}

function readVersion(): string {
  // The same two folders up from src/cli and from dist/cli.
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const parsed = JSON.parse(text) as { readonly version: string };
  return parsed.version;
}
