import { test } from 'tap';
import { createMeshView, policyKey, type WorkloadIdentity, workloadIdentity } from '../../src/model/index.ts';
import { decideL4 } from '../../src/policy/index.ts';
import { createAdmission } from '../../src/ztunnel/connections/admission.ts';
import { ip, makeService, makeWorkload, policyOf, serving } from '../model/mesh-fixtures.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const server = makeWorkload({ name: 'server', addresses: [ip('10.0.1.1')] });
const attributes = {
  sourceAddress: ip('10.0.0.1'),
  destinationAddress: ip('10.0.1.1'),
  destinationPort: 8080,
  source: undefined,
};
const strict = policyOf({ name: 'strict' }, { notPrincipals: [{ kind: 'presence' }] });

function world() {
  const view = createMeshView();
  const clock = createFakeClock();
  const cuts: string[] = [];
  const dryRuns: string[] = [];
  const decided: string[] = [];
  const guarded = new Set<string>();
  const admission = createAdmission({
    view,
    judge: decideL4,
    holdMs: 5_000,
    clock,
    refusesBypass: (uid) => guarded.has(uid),
    onDryRun: ({ sentence, differs }) => differs && dryRuns.push(sentence),
    onDecided: (verdict, { policy }) => decided.push(`${verdict} ${policy}`),
  });
  const admit = (source?: WorkloadIdentity) =>
    admission.admit({
      destination: server.uid,
      attributes: { ...attributes, source },
      cut: (cause) => void cuts.push(`${cause.code} ${cause.message}`),
    });
  return { view, clock, admission, admit, cuts, dryRuns, decided, guarded };
}

test('a denial names its policy', async (t) => {
  const { view, admit, admission } = world();
  view.apply({ upsertWorkloads: [server], upsertPolicies: [strict] });
  await t.rejects(admit(), { code: 'ERR_ZTUNNEL_DENIED', policy: 'shop/strict', rule: 0 });
  admission.close();
});

test('a connection waits for its destination, and is refused when that never comes', async (t) => {
  const { view, clock, admit, admission } = world();
  const late = admit();
  await clock.advance(4_000);
  view.apply({ upsertWorkloads: [server] });
  (await late).release();
  view.apply({ removedAddresses: [server.uid] });
  const never = t.rejects(admit(), { code: 'ERR_ZTUNNEL_UNKNOWN_DESTINATION' });
  await clock.advance(5_000);
  await never;
  admission.close();
  t.equal(clock.pending, 0);
});

test('a connection waits for a policy that is named but not here, and is refused without it', async (t) => {
  const { view, clock, admit, admission } = world();
  const named = { ...server, authorizationPolicies: [policyKey('shop', 'later')] };
  view.apply({ upsertWorkloads: [named] });
  const first = admit();
  await clock.advance(1_000);
  view.apply({ upsertPolicies: [{ ...policyOf({ name: 'later' }), scope: 'workload-selector', rules: [] }] });
  (await first).release();
  view.apply({ removedPolicies: [policyKey('shop', 'later')] });
  const second = t.rejects(admit(), { code: 'ERR_ZTUNNEL_DENIED', message: /shop\/later/ });
  await clock.advance(5_000);
  await second;
  admission.close();
  t.equal(clock.pending, 0);
});

test('an open connection is cut by a policy that comes later', async (t) => {
  const { view, admit, cuts, decided, admission } = world();
  view.apply({ upsertWorkloads: [server] });
  const { release } = await admit();
  view.apply({ upsertPolicies: [strict] });
  t.match(cuts, [/^ERR_ZTUNNEL_DENIED_LATER .*shop\/strict/]);
  t.equal(decided.at(-1), 'deny shop/strict', 'what cuts a connection counts as well');
  release();
  admission.close();
});

test('an open connection is cut when only its workload changed', async (t) => {
  const { view, admit, cuts, admission } = world();
  const selected = policyOf(
    { name: 'picky', scope: 'workload-selector' },
    {
      notPrincipals: [{ kind: 'presence' }],
    },
  );
  view.apply({ upsertWorkloads: [server], upsertPolicies: [selected] });
  await admit();
  t.same(cuts, []);
  view.apply({ upsertWorkloads: [{ ...server, authorizationPolicies: [selected.key] }] });
  t.match(cuts, [/shop\/picky/]);
  admission.close();
});

test('an open connection outlives a policy that is only late, not one that never comes', async (t) => {
  const { view, clock, admit, cuts, admission } = world();
  view.apply({ upsertWorkloads: [server] });
  await admit();
  view.apply({ upsertWorkloads: [{ ...server, authorizationPolicies: [policyKey('shop', 'later')] }] });
  await clock.advance(4_999);
  t.same(cuts, []);
  await clock.advance(1);
  t.match(cuts, [/shop\/later/]);
  admission.close();
});

test('a released connection is not judged any more', async (t) => {
  const { view, admit, cuts, admission } = world();
  view.apply({ upsertWorkloads: [server] });
  (await admit()).release();
  view.apply({ upsertPolicies: [strict] });
  t.same(cuts, []);
  admission.close();
});

test('a policy on dry run is told, and refuses nobody', async (t) => {
  const { view, admit, dryRuns, admission } = world();
  view.apply({ upsertWorkloads: [server], upsertPolicies: [{ ...strict, dryRun: true }] });
  (await admit()).release();
  t.match(dryRuns, [/shop\/strict/]);
  admission.close();
});

const gateway = {
  kind: 'hostname' as const,
  namespace: 'shop',
  hostname: 'waypoint.shop.svc.cluster.local',
  hboneMtlsPort: 15008,
};
const web = { ...makeService({ name: 'web' }), waypoint: gateway };
const waypointService = makeService({ name: 'waypoint', ports: [] });
const waypointPod = serving(makeWorkload({ name: 'waypoint', addresses: [ip('10.0.2.2')] }), waypointService);
const behind = serving(server, web);
const identity = (serviceAccount: string) =>
  workloadIdentity({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount });

test('a guarded pod takes what comes through its service’s waypoint, and nothing else', async (t) => {
  const { view, admit, admission, guarded } = world();
  const services = [web, waypointService];
  view.apply({ upsertWorkloads: [behind, waypointPod], upsertServices: services });
  (await admit(identity('client'))).release();
  guarded.add(server.uid);
  (await admit(identity('waypoint'))).release();
  const refused = { code: 'ERR_ZTUNNEL_WAYPOINT_BYPASS', reason: 'WAYPOINT_BYPASS', policy: undefined };
  await t.rejects(admit(identity('client')), {
    ...refused,
    message: /sa\/client came round waypoint shop\/waypoint.* of the service shop\/web/,
    hint: /dial the service's own name/,
  });
  await t.rejects(admit(), { ...refused, message: /a client without identity came round/ });
  admission.close();
});

test('a guard that is put up, and a waypoint that comes, are held against open connections', async (t) => {
  const { view, admit, admission, guarded, cuts } = world();
  view.apply({ upsertWorkloads: [behind, waypointPod], upsertServices: [web, waypointService] });
  const releases = [await admit(identity('client')), await admit(identity('waypoint'))];
  guarded.add(server.uid);
  admission.review(server.uid);
  t.equal(cuts.length, 1);
  t.match(cuts[0], /^ERR_ZTUNNEL_DENIED_LATER .*sa\/client came round/);
  for (const { release } of releases) release();
  view.apply({ upsertServices: [makeService({ name: 'web' })] });
  const { release } = await admit(identity('client'));
  view.apply({ upsertServices: [web] });
  t.equal(cuts.length, 2, 'the service has a waypoint now');
  release();
  admission.close();
});

test('a denial of what comes through a waypoint says whose identity was judged, and what to do', async (t) => {
  const { view, admit, admission } = world();
  const deny = policyOf({ name: 'deny' }, { principals: [{ kind: 'presence' }] });
  view.apply({
    upsertWorkloads: [behind, waypointPod],
    upsertServices: [web, waypointService],
    upsertPolicies: [deny],
  });
  await t.rejects(admit(identity('waypoint')), {
    code: 'ERR_ZTUNNEL_DENIED',
    message: /what was judged is waypoint shop\/waypoint.*, spiffe:\/\/cluster.local\/ns\/shop\/sa\/waypoint/,
    hint: /allow the principal cluster.local\/ns\/shop\/sa\/waypoint here, and attach policies .* targetRefs/,
  });
  await t.rejects(admit(identity('client')), {
    code: 'ERR_ZTUNNEL_DENIED',
    hint: /^take cluster.local\/ns\/shop\/sa\/client out of rule 1 of shop\/deny /,
  });
  admission.close();
});
