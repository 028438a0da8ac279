import { text } from 'node:stream/consumers';
import type { Terminal } from './terminal.ts';

/** All of it, as text. A pipe does not block here, so that it cannot be read at once as a file can. */
export function readStandardInput({ stdin }: Terminal): Promise<string> {
  return text(stdin);
}
