import { once } from 'node:events';
import { endProcess } from '../../support/netns.ts';
import type { TestNode } from './topology.ts';

/** Everything that crosses the wire between the nodes, as raw packets. */
export interface Wiretap {
  /** Stops and returns all bytes seen, as text one byte a character. */
  stop(): Promise<string>;
}

export async function tapWire(node: TestNode): Promise<Wiretap> {
  const child = node.netns.start('tcpdump', '-i', 'wire0', '-s', '0', '-U', '--immediate-mode', '-w', '-');
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  // The file header comes as soon as it listens.
  if (child.stdout !== null) await once(child.stdout, 'data');
  return {
    async stop() {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await endProcess(child);
      return Buffer.concat(chunks).toString('latin1');
    },
  };
}
