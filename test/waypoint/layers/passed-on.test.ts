import fc from 'fast-check';
import { test } from 'tap';
import { HeaderList, type HttpRequest, NO_BODY } from '../../../src/http/index.ts';
import { parseIpAddress, parseSpiffeId, type SpiffeId } from '../../../src/model/index.ts';
import { type PassedOnConfig, tellOrigin } from '../../../src/waypoint/layers/forwarding/passed-on.ts';
import type { RequestClient } from '../../../src/waypoint/request/request-parties.ts';

const client: RequestClient = {
  identity: parseSpiffeId('spiffe://cluster.local/ns/shop/sa/frontend'),
  certificateHash: () => 'ab12',
  address: parseIpAddress('10.0.0.7'),
  port: 40_000,
  workload: undefined,
};
const self = 'spiffe://cluster.local/ns/shop/sa/waypoint' as SpiffeId;
const strict: PassedOnConfig = { self, trustedClients: new Set(), clientCertificate: false };
const FIELDS = [
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-client-cert',
  'forwarded',
];

test('the application is told what the waypoint knows', async (t) => {
  const headers = told([], strict);
  t.equal(headers.get('x-forwarded-for'), '10.0.0.7');
  t.equal(headers.get('x-forwarded-proto'), 'http');
  t.equal(headers.get('x-forwarded-host'), 'cart:8080');
  t.equal(headers.get('forwarded'), 'for=10.0.0.7;host="cart:8080";proto=http');
  t.equal(headers.has('x-forwarded-client-cert'), false);
  t.match(headers.get('x-request-id'), /^[0-9a-f-]{36}$/);
});

test('what a client sends of these is never trusted', async (t) => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.constantFrom(...FIELDS, ...FIELDS.map((name) => name.toUpperCase())), fc.string()),
      ),
      fc.boolean(),
      (sent, clientCertificate) => {
        const config = { ...strict, clientCertificate };
        const [spoofed, honest] = [told(sent, config), told([], config)];
        for (const name of FIELDS) {
          const [left, right] = [spoofed.all(name), honest.all(name)];
          if (left.length !== right.length || left[0] !== right[0])
            throw new Error(`${name}: ${left} instead of ${right}`);
        }
      },
    ),
  );
  t.pass('whatever it sends');
});

test('a trusted gateway is believed about its own clients, and named behind them', async (t) => {
  const trusting = { ...strict, trustedClients: new Set([client.identity.id]), clientCertificate: true };
  const headers = told(
    [
      ['X-Forwarded-For', '203.0.113.9'],
      ['X-Forwarded-For', '198.51.100.2'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', 'shop.example.com'],
      ['Forwarded', 'for=203.0.113.9'],
      ['X-Forwarded-Client-Cert', 'URI=spiffe://elsewhere/a'],
    ],
    trusting,
  );
  t.equal(headers.get('x-forwarded-for'), '203.0.113.9, 198.51.100.2, 10.0.0.7');
  t.equal(headers.get('x-forwarded-proto'), 'https');
  t.equal(headers.get('x-forwarded-host'), 'shop.example.com');
  t.equal(headers.get('forwarded'), 'for=203.0.113.9, for=10.0.0.7;host="cart:8080";proto=http');
  t.equal(
    headers.get('x-forwarded-client-cert'),
    `URI=spiffe://elsewhere/a, By=${self};Hash=ab12;Subject="";URI=${client.identity.id}`,
  );
});

test('who the client is is told only when that is allowed', async (t) => {
  t.equal(told([], strict).has('x-forwarded-client-cert'), false);
  t.equal(
    told([], { ...strict, clientCertificate: true }).get('x-forwarded-client-cert'),
    `By=${self};Hash=ab12;Subject="";URI=spiffe://cluster.local/ns/shop/sa/frontend`,
  );
});

test('what servers of the kind of CGI would read as one of these goes nowhere', async (t) => {
  const lies = FIELDS.slice(0, 4).flatMap((name): [string, string][] => [
    [name.replaceAll('-', '_'), 'a lie'],
    [name.replace('-', '_').toUpperCase(), 'a lie'],
  ]);
  const headers = told([...lies, ['x_own', 'kept']], strict);
  t.same(
    [...headers].flatMap(([name, value]) => (name.includes('_') ? [[name, value]] : [])),
    [['x_own', 'kept']],
  );
});

test('an id that a request brings along stays', async (t) => {
  t.equal(told([['X-Request-Id', 'abc']], strict).get('x-request-id'), 'abc');
});

test('IPv6 addresses stand in brackets and quotes (RFC 7239 §6)', async (t) => {
  const headers = told([], strict, { ...client, address: parseIpAddress('fd00::7') });
  t.equal(headers.get('x-forwarded-for'), 'fd00::7');
  t.match(headers.get('forwarded'), /^for="\[fd00::7\]";/);
});

function told(
  fields: readonly (readonly [string, string])[],
  config: PassedOnConfig,
  from = client,
): HeaderList {
  const request: HttpRequest = {
    version: '1.1',
    method: 'GET',
    scheme: 'http',
    authority: 'cart:8080',
    target: '/',
    headers: new HeaderList(fields),
    body: NO_BODY,
    upgrade: undefined,
    expectContinue: false,
  };
  tellOrigin(request, from, config);
  return request.headers;
}
