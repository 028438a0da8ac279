import { test } from 'tap';
import { MeshError } from '../../../src/base/index.ts';
import { parseSpiffeId } from '../../../src/model/index.ts';
import {
  type AccessLine,
  compileAccessRules,
  createRequestLog,
  type RequestLogRecord,
} from '../../../src/telemetry/index.ts';
import { ip, makeService, makeWorkload } from '../../model/mesh-fixtures.ts';

const RECORD: RequestLogRecord = {
  source: { address: ip('10.0.0.9'), port: 40000 },
  sourceWorkload: makeWorkload({ name: 'frontend-1' }),
  sourceIdentity: parseSpiffeId('spiffe://cluster.local/ns/shop/sa/frontend'),
  service: makeService({ name: 'cart' }),
  backendService: undefined,
  upstream: undefined,
  protocol: 'HTTP/1.1',
  method: 'GET',
  host: 'cart:8080',
  path: '/items/7',
  status: 503,
  grpcStatus: undefined,
  requestBytes: 0,
  responseBytes: 12,
  durationMs: 31.4,
  attempts: 2,
  route: 'shop/cart',
  routeRule: '',
  trace: undefined,
  reason: undefined,
  policy: undefined,
  rule: undefined,
  error: undefined,
  headers: () => ({ 'x-tenant': 'acme', 'user-agent': 'curl/8' }),
};

/** Whether a record is written under a filter, or why the filter is none. */
function verdict(filter: string, record = RECORD): boolean | string {
  const compiled = compileAccessRules({ filters: [filter], fields: [] });
  if ('problems' in compiled) return compiled.problems.join();
  const lines: AccessLine[] = [];
  createRequestLog({ isEnabled: () => true, write: (line) => lines.push(line) }, compiled.rules).ended(
    record,
  );
  return lines.length === 1;
}

test('a rule is told by its name where it has one, else by its number from 1', async (t) => {
  const compiled = compileAccessRules({ filters: [], fields: [] });
  if ('problems' in compiled) throw new Error('no rules');
  const lines: AccessLine[] = [];
  const log = createRequestLog({ isEnabled: () => true, write: (line) => lines.push(line) }, compiled.rules);
  log.ended({ ...RECORD, rule: 1 });
  log.ended({ ...RECORD, rule: 1, ruleName: 'per-tenant' });
  t.same(
    lines.map(({ fields }) => fields.rule),
    [2, 'per-tenant'],
  );
});

test('filters as Istio’s users write them', async (t) => {
  for (const [filter, expected] of [
    ['response.code >= 400', true],
    ['response.code>=400&&response.code<500', false],
    ['response.code == 503 || request.duration_ms > 1000', true],
    ['request.method == "GET" && request.path.startsWith("/items/")', true],
    ["request.headers['x-tenant'] == 'acme'", true],
    ["request.headers['x-other'] == 'acme'", false],
    ["'x-other' in request.headers", false],
    ['has(request.headers.x_other)', false],
    ['!has(response.grpc_status) || response.grpc_status != 0', true],
    ['request.host.matches("^cart(:[0-9]+)?$")', true],
    ["request.path.matches('(a+)+$')", false],
    ["'.matches(' == '.matches('", true],
    ['source.namespace == "shop" && source.port == 40000', true],
    ['destination.service.endsWith(".svc.cluster.local")', true],
    ['connection.mtls', true],
    ['response.code + 1', false],
  ] as const)
    t.equal(verdict(filter), expected, filter);
});

test('what is no filter is refused with a reason', async (t) => {
  for (const [filter, reason] of [
    ['response.code >=', /Unexpected token/],
    ['respnse.code == 1', /Unknown variable: respnse/],
    ['request.headers.all(h, h != "")', /expected no all\(\)/],
    ['[1,2].map(x, x).size() > 0', /expected no map\(\)/],
    ['request.path.split("/").size() > 3', /expected no split\(\)/],
    ['"a".repeat(9)', /repeat/],
    ['x'.repeat(3_000), /2048 characters/],
    ['('.repeat(500), /./],
  ] as const)
    t.match(verdict(filter), reason, filter.slice(0, 40));
});

test('a pattern cannot keep a proxy busy', async (t) => {
  const record = { ...RECORD, path: `/${'a'.repeat(5_000)}!` };
  t.equal(verdict("request.path.matches('^(/|a|aa)+$')", record), false);
  t.equal(verdict("request.path.matches('(')", record), false, 'one that is malformed is not true');
  t.equal(verdict("request.path . matches ('^/a')", record), true, 'however it is written');
});

test('fields of a request are added behind what is always there', async (t) => {
  const compiled = compileAccessRules({
    filters: [],
    fields: [
      ['tenant', "request.headers['x-tenant']"],
      ['missing', "request.headers['x-none']"],
      ['slow', 'request.duration_ms > 30'],
      ['size', 'response.size'],
    ],
  });
  if ('problems' in compiled) throw new Error(compiled.problems.join());
  const lines: AccessLine[] = [];
  const log = createRequestLog({ isEnabled: () => true, write: (line) => lines.push(line) }, compiled.rules);
  log.ended(RECORD);
  log.ended({ ...RECORD, error: new MeshError({ code: 'ERR_X', blame: 'upstream', message: 'x' }) });
  t.match(lines[0], {
    level: 'info',
    message: 'request complete',
    fields: { status: 503, tenant: 'acme', slow: true, size: 12 },
  });
  t.equal(lines[0]?.fields.missing, undefined);
  t.match(lines[1], { level: 'warn', message: 'request failed' });
});
