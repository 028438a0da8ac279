import { check, type DemoCheck } from '../checks.ts';
import { NAMESPACE, SECRET, type Shop } from '../shop.ts';

/** Before the mesh: whoever sits on the cable reads along. */
export async function readTheWire(shop: Shop, say: (text: string) => void): Promise<readonly DemoCheck[]> {
  say(`${NAMESPACE} is not in the mesh yet; reading the cable between the nodes for 3 s`);
  const text = await shop.capture('node-1', 3);
  const line = text.split('\n').find((candidate) => candidate.includes(SECRET));
  if (line !== undefined) say(`  on the cable: ${line.trim().slice(0, 100)}`);
  return [
    check(
      'without the mesh, the card number is readable on the cable',
      line !== undefined,
      line === undefined ? 'not read' : 'read',
    ),
  ];
}
