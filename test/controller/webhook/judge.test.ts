import { test } from 'tap';
import { parse } from 'yaml';
import { type AdmissionRequest, judgeAdmission } from '../../../src/controller/webhook/review/index.ts';
import { CART, policy, service, SETTINGS, SHOP, THROUGH_WAYPOINT, waypoint } from '../analysis/support.ts';

const MESH = [SHOP, CART, service({ labels: THROUGH_WAYPOINT })].map((text) => parse(text) as unknown);

function verdict(
  request: Partial<AdmissionRequest>,
  {
    neighbours = MESH,
    known = true,
  }: { readonly neighbours?: readonly unknown[]; readonly known?: boolean } = {},
) {
  const asked: AdmissionRequest = {
    uid: 'one',
    operation: request.before === undefined ? 'CREATE' : 'UPDATE',
    kind: 'security.istio.io/AuthorizationPolicy',
    subresource: '',
    namespace: 'shop',
    dryRun: false,
    object: undefined,
    before: undefined,
    ...request,
  };
  return judgeAdmission(asked, { neighbours, known: () => known, settings: SETTINGS });
}

const object = (text: string): Record<string, unknown> => parse(text) as Record<string, unknown>;
const httpRule = (method: string): string =>
  `{selector: {matchLabels: {app: cart}}, rules: [{to: [{operation: {methods: ["${method}"]}}]}]}`;
const WRONG_ACTION = '{action: PERMIT, rules: [{}]}';
const SOUND = '{selector: {matchLabels: {app: cart}}, rules: [{from: [{source: {namespaces: [shop]}}]}]}';

test('what analyze calls an error is refused with code, field, what is wrong and what to do', (t) => {
  const refused = verdict({ object: object(policy(WRONG_ACTION)) });
  t.equal(refused.allowed, false);
  t.match(refused.message, /^IST0106 spec\.action: .*expected one of ALLOW.*got "PERMIT".*; to do: /m);
  t.match(refused.message, /docs\/analyze\.md/);
  t.match(refused.causes, [{ field: 'spec.action' }]);
  t.equal(verdict({ object: object(policy(SOUND)) }).allowed, true);
  t.end();
});

test('an object is judged by the mesh around it', (t) => {
  const toService = object(
    policy(
      '{targetRefs: [{kind: Service, group: "", name: cart}], rules: [{to: [{operation: {methods: [GET]}}]}]}',
    ),
  );
  t.equal(verdict({ object: toService }).allowed, false, 'its waypoint is not there');
  const neighbours = [...MESH, object(waypoint())];
  t.equal(verdict({ object: toService }, { neighbours }).allowed, true);
  t.match(
    verdict({ object: toService }, { neighbours: MESH, known: false }),
    { allowed: true, warnings: [/^NM\d{4}/] },
    'nobody is refused where not all is known',
  );
  t.end();
});

test('an update that makes nothing worse, or that mends something, is let through with warnings', (t) => {
  const before = object(policy(WRONG_ACTION));
  const labelled = { ...before, metadata: { ...(before.metadata as object), labels: { team: 'a' } } };
  t.match(verdict({ before, object: labelled }), { allowed: true, warnings: [/^IST0106/] });
  t.match(
    verdict({ before, object: object(policy(httpRule('GET'))) }),
    { allowed: true, warnings: [/^NM0010/] },
    'what comes to light by mending is no reason',
  );
  t.match(verdict({ before, object: object(policy(SOUND)) }), { allowed: true });
  t.match(verdict({ before: object(policy(SOUND)), object: before }), { allowed: false }, 'it was sound');
  const two = object(policy(WRONG_ACTION.replace('{}', '{frm: []}')));
  t.match(verdict({ before, object: two }), { allowed: false }, 'one more');
  t.match(verdict({ before: two, object: before }), { allowed: true });
  t.end();
});

test('deletions, parts, what is going and what nobody reads are never held up', (t) => {
  const wrong = object(policy(WRONG_ACTION));
  const sound = object(policy(SOUND));
  t.same(verdict({ operation: 'DELETE', before: wrong }), { allowed: true });
  t.same(verdict({ operation: 'UPDATE', before: sound, object: wrong, subresource: 'status' }), {
    allowed: true,
  });
  const going = {
    ...wrong,
    metadata: { ...(wrong.metadata as object), deletionTimestamp: '2030-01-01T00:00:00Z' },
  };
  t.same(verdict({ before: sound, object: going }), { allowed: true });
  const counted = { ...wrong, metadata: { ...(wrong.metadata as object), generation: 7 }, status: {} };
  t.same(verdict({ before: wrong, object: counted }), { allowed: true });
  t.same(verdict({ object: 'no object' }), { allowed: true });
  t.same(verdict({ object: null }), { allowed: true });
  t.end();
});

test('warnings are told, in lines, and not without end', (t) => {
  const names = Array.from({ length: 40 }, (_, index) => `cluster.local/ns/shop/sa/nobody-${index}`);
  const rules = JSON.stringify([{ from: [{ source: { principals: names } }] }]);
  const { allowed, warnings = [] } = verdict({
    object: object(policy(`{selector: {matchLabels: {app: "none\\n"}}, rules: ${rules}}`)),
  });
  t.ok(allowed || warnings.length > 0);
  t.ok(warnings.length > 1 && warnings.length <= 11, `${warnings.length}`);
  t.ok(warnings.every((warning) => warning.length <= 256 && !/[\n\p{Cc}]/u.test(warning)));
  t.end();
});

test('a finding that the object itself suppresses does not refuse it', (t) => {
  const metadata = ', annotations: {galley.istio.io/analyze-suppress: IST0106}';
  t.equal(verdict({ object: object(policy(WRONG_ACTION, { metadata })) }).allowed, true);
  t.end();
});

test('an object that gets its name later is judged under a name that nobody has', (t) => {
  const wrong = object(policy(WRONG_ACTION));
  const { message } = verdict({ object: { ...wrong, metadata: { generateName: 'rules-' } } });
  t.match(message, /IST0106/);
  t.end();
});
