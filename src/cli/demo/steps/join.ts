import { demoCheck, type DemoCheck } from '../checks.ts';
import { NAMESPACE, SECRET, type Shop } from '../shop.ts';
import { millisecondsUntil, pause } from '../until.ts';

/** How long a loaded machine may take before the demo calls it a failure; the time itself is shown. */
const CAPTURE_DEADLINE_MS = 20_000;

/** One label: running pods are in the mesh, and nobody notices but who reads the cable. */
export async function joinByLabel(shop: Shop, say: (text: string) => void): Promise<readonly DemoCheck[]> {
  const before = await shop.orders();
  say(`label namespace ${NAMESPACE} istio.io/dataplane-mode=ambient (the pods keep running)`);
  await shop.lab.patchMetadata(
    { kind: 'Namespace', namespace: '', name: NAMESPACE },
    { labels: { 'istio.io/dataplane-mode': 'ambient' } },
  );
  const tookMs = await millisecondsUntil(async () => {
    const { captured, all } = await shop.captured();
    return captured === all && all > 0;
  }, CAPTURE_DEADLINE_MS);
  const { captured, all } = await shop.captured();
  await pause(3000);
  const after = await shop.orders();
  const text = await shop.capture('node-1', 3);
  const failed = after.failed.length - before.failed.length;
  const answered = after.answered - before.answered;
  return [
    demoCheck(
      'every running pod is captured',
      tookMs !== undefined,
      `${captured} of ${all} pods, ${tookMs ?? '> 20,000'} ms after the label`,
    ),
    demoCheck(
      'orders in flight are unharmed',
      failed === 0 && answered > 0,
      `${answered} answered, ${failed} failed`,
    ),
    demoCheck(
      'the card number is no longer readable',
      !text.includes(SECRET) && text.includes('.15008'),
      text.includes('.15008') ? 'HBONE on port 15008, nothing readable' : 'no tunnel seen',
    ),
    ...(await lookAtIdentities(shop)),
  ];
}

/** The application still sees its client's address, and the ztunnel knows both ends by their certificates. */
async function lookAtIdentities(shop: Shop): Promise<readonly DemoCheck[]> {
  const [payments] = await shop.pods('payments');
  const carts = (await shop.pods('cart')).map(
    ({ status }) => (status as { podIP?: string } | undefined)?.podIP ?? '',
  );
  if (payments === undefined) return [demoCheck('payments runs', false, 'no pod')];
  const seen = (await shop.podLog(payments)).trim().split('\n').at(-1) ?? '';
  const from = /from=(\S+)/.exec(seen)?.[1] ?? 'nobody';
  const node = (payments as { spec?: { nodeName?: string } }).spec?.nodeName ?? '';
  const line = (await shop.ztunnelLog(node))
    .split('\n')
    .findLast((entry) => entry.includes(`ns/${NAMESPACE}/sa/cart`) && entry.includes('sa/payments'));
  return [
    demoCheck("payments still sees its client's own address", carts.includes(from), `client ${from}`),
    demoCheck(
      'both ends are known by certificate',
      line !== undefined,
      line === undefined
        ? 'no such line in the access log'
        : `${NAMESPACE}/sa/cart → ${NAMESPACE}/sa/payments`,
    ),
  ];
}
