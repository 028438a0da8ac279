import { readFileSync } from 'node:fs';

/**
 * How many files and sockets this process may have open: the soft limit, from proc(5). Node raises it to the hard one
 * when it starts. Infinite where the system says `unlimited`.
 */
export function descriptorLimit(): number {
  const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  return line === null ? Number.POSITIVE_INFINITY : Number(line[1]);
}
