import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'tap';
import { parse } from 'yaml';
import { CART, policy, service, SHOP, THROUGH_WAYPOINT, waypoint } from '../analysis/support.ts';
import { runController } from '../support/running-controller.ts';
import { review, send } from './support.ts';

const TO_SERVICE = parse(
  policy(
    '{targetRefs: [{kind: Service, group: "", name: cart}], rules: [{to: [{operation: {methods: [GET]}}]}]}',
  ),
) as unknown;

test('a controller judges objects by the mesh as it is now', async (t) => {
  const running = await runController(t, {
    objects: {
      shop: parse(SHOP),
      cart: parse(CART),
      service: parse(service({ labels: THROUGH_WAYPOINT })),
    },
    config: { webhook: { listen: { host: '127.0.0.1', port: 0 }, timeoutMs: 20_000 } },
  });
  const port = running.controller.addresses.webhook?.port ?? 0;
  const ca = await readFile(join(running.directory, 'ca', 'root-cert.pem'), 'utf8');
  const ask = async (object: unknown) => {
    const { body } = await send(port, JSON.stringify(review(object)), { ca });
    return (
      JSON.parse(body) as {
        readonly response: { readonly allowed: boolean; readonly status?: { message: string } };
      }
    ).response;
  };
  const refused = await ask(TO_SERVICE);
  t.equal(refused.allowed, false);
  t.match(refused.status?.message, /^NM\d{4} .*waypoint/);
  await running.apply('waypoint', parse(waypoint()));
  const view = await running.connect('node-1');
  await view.until('the waypoint', () =>
    [...view.services.values()].some(({ waypoint: bound }) => bound !== undefined),
  );
  t.equal((await ask(TO_SERVICE)).allowed, true);
  const metrics = await (await fetch(running.adminUrl('/metrics'))).text();
  t.match(metrics, /nodemesh_controller_reviews_total\{outcome="refused"\} 1/);
  t.match(metrics, /nodemesh_controller_review_objects 4/);
});

test('a controller without a port for its webhook serves proxies all the same', async (t) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  t.teardown(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const running = await runController(t, {
    objects: { shop: parse(SHOP) },
    config: { webhook: { listen: { host: '127.0.0.1', port } } },
  });
  t.equal(running.controller.addresses.webhook, undefined);
  t.ok(await running.connect('node-1'));
});
