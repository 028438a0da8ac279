import { demoCheck, type DemoCheck } from '../checks.ts';
import { NAMESPACE, SECRET, type Shop } from '../shop.ts';

/** Before the mesh: whoever sits on the cable reads along. */
export async function readTheWire(shop: Shop, say: (text: string) => void): Promise<readonly DemoCheck[]> {
  say(`${NAMESPACE} is not in the mesh yet; reading the cable between the nodes for 3 s`);
  const text = await shop.capture('node-1', 3);
  const line = text.split('\n').find((candidate) => candidate.includes(SECRET));
  if (line !== undefined) say(`  on the cable: ${excerptAround(line.trim(), SECRET)}`);
  return [
    demoCheck(
      'without the mesh, the card number is readable on the cable',
      line !== undefined,
      line === undefined ? 'not read' : 'read',
    ),
  ];
}

/** As much of a line as fits into one of the terminal, with the word that it is about in it. */
export function excerptAround(line: string, word: string): string {
  const at = line.indexOf(word);
  if (line.length <= WIDEST_LINE || at + word.length <= WIDEST_LINE) return line.slice(0, WIDEST_LINE);
  const end = Math.min(line.length, at + word.length + AFTER_WORD);
  return `…${line.slice(Math.max(0, end - WIDEST_LINE), end)}`;
}

const WIDEST_LINE = 100;
const AFTER_WORD = 20;
