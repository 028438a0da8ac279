import { demoCheck, type DemoCheck } from '../checks.ts';
import { NAMESPACE, type Shop } from '../shop.ts';
import { millisecondsUntil, pause } from '../until.ts';

const POLICY = 'payments-from-cart';

/** An ALLOW policy by identity: who is named gets through, everybody else is refused, with rule and identity. */
export async function allowByIdentity(
  shop: Shop,
  say: (text: string) => void,
): Promise<readonly DemoCheck[]> {
  const [shopper] = await shop.pods('shopper');
  const [payments] = await shop.pods('payments');
  if (shopper === undefined || payments === undefined) return [demoCheck('the shop runs', false, 'no pods')];
  say(`apply an AuthorizationPolicy: only ${NAMESPACE}/sa/cart may reach payments`);
  await shop.lab.apply([
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { namespace: NAMESPACE, name: POLICY },
      spec: {
        selector: { matchLabels: { app: 'payments' } },
        action: 'ALLOW',
        rules: [{ from: [{ source: { principals: [`cluster.local/ns/${NAMESPACE}/sa/cart`] } }] }],
      },
    },
  ]);
  const before = await shop.orders();
  let answer = '';
  await millisecondsUntil(async () => {
    answer = await shop.get(shopper, 'http://payments:8080/');
    return answer.startsWith('failed');
  }, 10_000);
  await pause(2000);
  const after = await shop.orders();
  const node = (payments as { spec?: { nodeName?: string } }).spec?.nodeName ?? '';
  const refusal = (await shop.ztunnelLog(node)).split('\n').findLast((line) => line.includes(POLICY));
  if (refusal !== undefined) say(`  the ztunnel's log: ${refusal.trim()}`);
  const named = refusal?.includes('sa/shopper') ?? false;
  return [
    demoCheck('who is not named is refused', answer.startsWith('failed'), `shopper → payments: ${answer}`),
    demoCheck(
      'the refusal names policy and identity',
      named,
      named ? `${POLICY}, ${NAMESPACE}/sa/shopper` : 'not found in the log',
    ),
    demoCheck(
      'who is named gets through',
      after.failed.length === before.failed.length && after.answered > before.answered,
      `${after.answered - before.answered} orders answered, ${after.failed.length - before.failed.length} failed`,
    ),
  ];
}
