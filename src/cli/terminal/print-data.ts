// Not behind the folder's face: the library for YAML is loaded by the commands that may print it, and by no proxy.
import { stringify } from 'yaml';
import type { Terminal } from './terminal.ts';

/** Prints data for programs: the same content as YAML or JSON. */
export function printData(terminal: Terminal, format: 'yaml' | 'json', data: unknown): void {
  const text =
    format === 'yaml'
      ? stringify(data, { aliasDuplicateObjects: false })
      : `${JSON.stringify(data, undefined, 2)}\n`;
  terminal.stdout.write(text);
}
