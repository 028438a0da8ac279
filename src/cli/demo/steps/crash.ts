import { demoCheck, type DemoCheck } from '../checks.ts';
import { SECRET, type Shop } from '../shop.ts';
import { millisecondsUntil } from '../until.ts';

/** How long a loaded machine may take before the demo calls it a failure; the time itself is shown. */
const RECOVERY_DEADLINE_MS = 30_000;

/** A ztunnel dies without a word: nothing leaves in plaintext, and it comes back by itself. */
export async function crashTheProxy(shop: Shop, say: (text: string) => void): Promise<readonly DemoCheck[]> {
  const [cart] = await shop.pods('cart');
  const node = (cart as { spec?: { nodeName?: string } } | undefined)?.spec?.nodeName ?? 'node-1';
  say(`kill -9 the ztunnel of ${node}`);
  const wire = shop.capture('node-1', 6);
  const before = await shop.orders();
  await shop.lab.killZtunnel(node);
  const tookMs = await millisecondsUntil(async () => {
    const now = await shop.orders();
    return (
      now.answered > before.answered + 2 &&
      (await shop.lab.admin(node, '/').then(
        () => true,
        () => false,
      ))
    );
  }, RECOVERY_DEADLINE_MS);
  const text = await wire;
  const after = await shop.orders();
  return [
    demoCheck(
      'nothing left in plaintext meanwhile',
      !text.includes(SECRET),
      text.includes(SECRET) ? 'the card number was readable' : 'nothing readable',
    ),
    demoCheck(
      'it came back by itself',
      tookMs !== undefined,
      `orders answered again ${tookMs ?? '> 30,000'} ms after the kill`,
    ),
    demoCheck(
      'the outage was closed, not open',
      after.failed.length > before.failed.length,
      `${after.failed.length - before.failed.length} orders refused while it was away`,
    ),
  ];
}
