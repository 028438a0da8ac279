import { isProgrammed, waypointManifest } from '../../waypoint/waypoint-gateway.ts';
import { findWaypoints } from '../../waypoint/waypoint-access.ts';
import { demoCheck, type DemoCheck } from '../checks.ts';
import { NAMESPACE, type Shop } from '../shop.ts';
import { millisecondsUntil, pause } from '../until.ts';

const WAYPOINT = 'waypoint';
const POLICY = 'cart-for-frontend';
/** How long a loaded machine may take before the demo calls it a failure. */
const DEADLINE_MS = 30_000;

/** An L7 proxy in the path of one service, without a restart: requests are judged one by one, and refusals explained. */
export async function putAWaypointInTheWay(
  shop: Shop,
  say: (text: string) => void,
): Promise<readonly DemoCheck[]> {
  const [shopper] = await shop.pods('shopper');
  if (shopper === undefined) return [demoCheck('the shop runs', false, 'no pods')];
  const before = await shop.orders();
  say(`nodemesh waypoint apply -n ${NAMESPACE} --wait; label service cart istio.io/use-waypoint=${WAYPOINT}`);
  await shop.lab.apply([waypoint()]);
  const readyMs = await millisecondsUntil(async () => {
    const [found] = await findWaypoints(shop.lab, NAMESPACE, [WAYPOINT]);
    return found !== undefined && isProgrammed(found);
  }, DEADLINE_MS);
  await shop.lab.patchMetadata(
    { kind: 'Service', namespace: NAMESPACE, name: 'cart' },
    { labels: { 'istio.io/use-waypoint': WAYPOINT } },
  );
  const seen = await logOf(shop, (line) => /dst\.service=cart\..* status=200/.test(line));
  say('apply an AuthorizationPolicy for service cart: GET / for shop/sa/frontend, nothing else');
  await shop.lab.apply([policy()]);
  let answer = '';
  await millisecondsUntil(async () => {
    answer = await shop.get(shopper, 'http://cart:8080/');
    return answer.startsWith('403');
  }, DEADLINE_MS);
  await pause(2000);
  const refusal = await logOf(shop, (line) => / status=403 /.test(line));
  if (refusal !== undefined) say(`  the waypoint's log: ${refusal.trim()}`);
  const after = await shop.orders();
  const failed = after.failed.length - before.failed.length;
  return [
    demoCheck('one command, and it is ready', readyMs !== undefined, `${readyMs ?? '> 30,000'} ms`),
    demoCheck(
      'requests are seen one by one',
      seen !== undefined,
      seen === undefined ? 'none' : 'method, path, status',
    ),
    demoCheck(
      'a request that no rule allows is refused',
      answer.startsWith('403'),
      `shopper → cart: ${answer}`,
    ),
    demoCheck(
      'the refusal names the caller',
      refusal?.includes('sa/shopper') === true,
      refusal === undefined ? 'not found in the log' : `${NAMESPACE}/sa/shopper`,
    ),
    demoCheck(
      'orders in flight are unharmed',
      failed === 0 && after.answered > before.answered,
      `${after.answered - before.answered} answered, ${failed} failed`,
    ),
  ];
}

function waypoint() {
  return waypointManifest({
    namespace: NAMESPACE,
    name: WAYPOINT,
    className: 'nodemesh-waypoint',
    traffic: undefined,
    revision: undefined,
  });
}

function policy() {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { namespace: NAMESPACE, name: POLICY },
    spec: {
      targetRefs: [{ group: '', kind: 'Service', name: 'cart' }],
      action: 'ALLOW',
      rules: [
        {
          from: [{ source: { principals: [`cluster.local/ns/${NAMESPACE}/sa/frontend`] } }],
          to: [{ operation: { methods: ['GET'], paths: ['/'] } }],
        },
      ],
    },
  };
}

/** The latest line of the waypoint's log that is such a one; waited for. */
async function logOf(shop: Shop, isIt: (line: string) => boolean): Promise<string | undefined> {
  let found: string | undefined;
  await millisecondsUntil(async () => {
    for (const pod of await shop.pods('')) {
      if (pod.metadata.labels['gateway.networking.k8s.io/gateway-name'] !== WAYPOINT) continue;
      found = (await shop.podLog(pod)).split('\n').findLast(isIt);
    }
    return found !== undefined;
  }, DEADLINE_MS);
  return found;
}
