import { test } from 'tap';
import type { IncomingTunnel } from '../../src/tunnel-protocol/server.ts';
import { TunnelError } from '../../src/tunnel-protocol/index.ts';
import { formatRefusal, parseRefusal, type TunnelRefusal } from '../../src/tunnel-protocol/head/index.ts';
import { implementations } from './support/implementations.ts';
import { withMesh } from './support/tunnel-pair.ts';

const DENIED: TunnelRefusal = {
  proxy: 'ztunnel/node-1',
  id: 'ztunnel/node-1/mabc123/t1',
  why: {
    kind: 'refused',
    reason: 'ERR_ZTUNNEL_DENIED',
    policy: 'shop/payments-from-cart',
    rule: 2,
    message: 'explicitly denied by "shop/payments-from-cart" \\ rule 2',
    hint: 'add a rule',
  },
};

test('what a refusal says comes out as it went in', async (t) => {
  t.same(parseRefusal(formatRefusal(DENIED)), DENIED);
  const { why: _why, ...named } = DENIED;
  t.same(parseRefusal(formatRefusal(named)), { ...named, why: undefined });
});

test('it is a Proxy-Status as RFC 9209 has it, whatever texts it carries', async (t) => {
  const why = { ...DENIED.why, message: `Ünicode\r\nx-evil: 1 ${'x'.repeat(5_000)}` } as typeof DENIED.why;
  const text = formatRefusal({ ...DENIED, why });
  t.match(text, /^"ztunnel\/node-1";error=http_request_denied;id="/);
  t.match(text, /^[\x20-\x7e]+$/);
  t.ok(text.length < 2_000, `${text.length}`);
  t.match(parseRefusal(text)?.why?.message, /^\?nicode\?\?x-evil: 1 x+\.\.\.$/);
});

test('what others send, or what cannot be, says nothing', async (t) => {
  const good = formatRefusal(DENIED);
  for (const text of [
    undefined,
    '',
    'envoy; error=http_request_denied; details="RBAC"',
    good.replace('id="ztunnel/node-1/', 'id="ztunnel/node-2/'),
    good.replace('t1"', 't1\\"'),
    `${good};x="${'y'.repeat(5_000)}"`,
  ])
    t.equal(parseRefusal(text), undefined, String(text).slice(0, 80));
  for (const text of [
    good.replace('ERR_ZTUNNEL_DENIED', 'a reason of many words'),
    good.replace('"shop/payments-from-cart";rule', '"<script>";rule'),
    good.replace('kind=refused', 'kind=whatever'),
  ])
    t.match(parseRefusal(text), { id: DENIED.id, why: undefined }, text);
});

test('whoever is refused gets it with the error', async (t) => {
  const [ours] = implementations;
  if (ours === undefined) throw new Error('no implementation');
  const onTunnel = (tunnel: IncomingTunnel<string>): void => tunnel.refuse(401, 'denied', DENIED);
  await withMesh(ours, { onTunnel }, async (mesh) => {
    const session = await mesh.session();
    const error = await session.open({ authority: '10.0.0.1:8080' }).catch((e: unknown) => e);
    t.type(error, TunnelError);
    t.match(error, { code: 'ERR_TUNNEL_STATUS', status: 401, refusal: DENIED, hint: 'add a rule' });
    t.match(error, { message: /got 401 from ztunnel\/node-1: explicitly denied by/ });
  });
});
