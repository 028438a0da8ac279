import { connect } from 'node:tls';
import { type Test, test } from 'tap';
import { parse } from 'yaml';
import { silentLogger, systemClock } from '../../../src/base/index.ts';
import { openAuthority } from '../../../src/identity/index.ts';
import { createNeighbours } from '../../../src/controller/webhook/context/index.ts';
import { createReviewer, type Reviewer } from '../../../src/controller/webhook/review/index.ts';
import { startWebhookServer } from '../../../src/controller/webhook/serve/index.ts';
import { policy, SETTINGS, SHOP } from '../analysis/support.ts';
import { PATH, review, send, upserts } from './support.ts';

const SOUND = parse(policy('{rules: [{from: [{source: {namespaces: [shop]}}]}]}')) as unknown;
const WRONG = parse(policy('{action: PERMIT, rules: [{}]}')) as unknown;

async function startWebhook(
  t: Test,
  options: {
    readonly reviewer?: Pick<Reviewer, 'review'>;
    readonly failClosed?: boolean;
    readonly timeoutMs?: number;
  } = {},
) {
  const authority = await openAuthority({
    directory: `${t.testdir({})}/ca`,
    trustDomain: 'cluster.local',
    clock: systemClock,
    log: silentLogger,
  });
  const certificate = await authority.serverCertificate({ dnsNames: ['localhost'], ipAddresses: [] });
  const neighbours = createNeighbours('istio-system');
  neighbours.apply(upserts(parse(SHOP)));
  const common = { clock: systemClock, log: silentLogger };
  const reviewer = createReviewer({ neighbours, settings: SETTINGS, ...common });
  const server = await startWebhookServer({
    listen: { host: '127.0.0.1', port: 0 },
    certificate,
    reviewer: options.reviewer ?? reviewer,
    failClosed: options.failClosed ?? false,
    timeoutMs: options.timeoutMs ?? 20_000,
    ...common,
  });
  t.teardown(async () => {
    server.destroy();
    await reviewer.close();
    await authority.close();
  });
  const ca = authority.bundle().rootsPem.join('');
  const { port } = server.address;
  const post = (body: unknown, more: Partial<Parameters<typeof send>[2]> = {}) =>
    send(port, typeof body === 'string' || body instanceof Buffer ? body : JSON.stringify(body), {
      ca,
      ...more,
    });
  return { server, authority, post, port, ca };
}

test('the API server is answered in its own words', async (t) => {
  const { post, server } = await startWebhook(t);
  const refused = await post(review(WRONG), { path: `${PATH}?timeout=25s` });
  t.equal(refused.status, 200);
  t.match(JSON.parse(refused.body), {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      allowed: false,
      status: { code: 403, reason: 'Forbidden', message: /^IST0106 spec\.action/ },
    },
  });
  const allowed = JSON.parse((await post(review(SOUND))).body) as { response: object };
  t.match(allowed.response, { allowed: true });
  t.notOk('status' in allowed.response);
  t.match(JSON.parse((await post(review(WRONG, WRONG))).body), { response: { allowed: true } });
  t.match(JSON.parse((await post(review(undefined, WRONG))).body), { response: { allowed: true } });
  t.same(server.outcomes, { allowed: 3, refused: 1, unjudged: 0, malformed: 0 });
});

test('what is no review gets one clear answer', async (t) => {
  const { post, server } = await startWebhook(t);
  t.match(await post('{'), { status: 400, body: /^expected an AdmissionReview as JSON, got 1 characters/ });
  t.match(await post({ ...review(SOUND), apiVersion: 'admission.k8s.io/v1beta1' }), {
    status: 400,
    body: /expected admission\.k8s\.io\/v1 AdmissionReview, got "admission\.k8s\.io\/v1beta1"/,
  });
  t.match(await post([]), { status: 400 });
  t.match(await post('null'), { status: 400 });
  t.match(await post({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }), {
    body: /request\.uid/,
  });
  const deep = JSON.stringify(review(SOUND)).replace(
    '"oldObject":null',
    `"oldObject":${'['.repeat(9_999)}${']'.repeat(9_999)}`,
  );
  t.match(await post(deep), { status: 400, body: /levels of nesting/ });
  t.match(await post(Buffer.alloc(3 * 1024 * 1024 + 1, 32)), { status: 413, body: /expected 3145728 bytes/ });
  t.match(await post(review(SOUND), { path: '/' }), { status: 404 });
  t.match(await post('', { method: 'GET' }), { status: 405 });
  t.match(await post(review(SOUND), { contentType: 'text/plain' }), { status: 415 });
  const unknown = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'x' } };
  t.match(JSON.parse((await post(review(unknown))).body), { response: { allowed: true } });
  t.equal(server.outcomes.malformed, 10);
});

test('what cannot be judged in time is let through with a warning, or is an error where that is wanted', async (t) => {
  const stuck = createReviewer({
    // The thread is busy with what looks like a mesh of five thousand.
    neighbours: {
      near: () => ({ texts: Array.from({ length: 5_000 }, (_, index) => policyText(index)), isCut: false }),
    },
    settings: SETTINGS,
    clock: systemClock,
    log: silentLogger,
  });
  t.teardown(() => stuck.close());
  const open = await startWebhook(t, { reviewer: stuck });
  const answer = await open.post(review(SOUND), { path: `${PATH}?timeout=20ms` });
  t.match(JSON.parse(answer.body), {
    response: {
      allowed: true,
      warnings: [/^nodemesh: the object was not judged: it takes longer than 16 ms/],
    },
  });
  const closed = await startWebhook(t, { reviewer: stuck, failClosed: true, timeoutMs: 10 });
  t.match(await closed.post(review(SOUND)), { status: 503, body: /was not judged/ });
  t.equal(open.server.outcomes.unjudged, 1);
});

test('the thread that was ended is replaced', async (t) => {
  let many = true;
  const reviewer = createReviewer({
    neighbours: {
      near: () => ({
        texts: many ? Array.from({ length: 5_000 }, (_, i) => policyText(i)) : [],
        isCut: false,
      }),
    },
    settings: SETTINGS,
    clock: systemClock,
    log: silentLogger,
  });
  t.teardown(() => reviewer.close());
  const { post } = await startWebhook(t, { reviewer });
  await post(review(WRONG), { path: `${PATH}?timeout=10ms` });
  many = false;
  t.match(JSON.parse((await post(review(WRONG))).body), { response: { allowed: false } });
});

test('more than can wait are let through at once', async (t) => {
  const reviewer = createReviewer({
    neighbours: { near: () => ({ texts: [], isCut: false }) },
    settings: SETTINGS,
    clock: systemClock,
    log: silentLogger,
    maxWaiting: 1,
  });
  const request = {
    uid: 'x',
    operation: 'CREATE',
    kind: '',
    subresource: '',
    namespace: '',
    dryRun: false,
    object: SOUND,
    before: undefined,
  };
  const first = reviewer.review(request, 20_000);
  const second = reviewer.review(request, 20_000);
  await t.rejects(reviewer.review(request, 20_000), {
    code: 'ERR_CONTROLLER_REVIEW',
    message: /1 objects are waiting/,
  });
  t.match(await first, { allowed: true });
  t.match(await second, { allowed: true });
  const third = reviewer.review(request, 20_000);
  await reviewer.close();
  await t.rejects(third, { message: /is closing/ });
  await t.rejects(reviewer.review(request, 1), { message: /is closing/ });
});

test('a certificate is replaced while it is served', async (t) => {
  const { server, authority, port, ca } = await startWebhook(t);
  const serial = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, ca, servername: 'localhost' }, () => {
        resolve(socket.getPeerCertificate().serialNumber);
        socket.destroy();
      });
      socket.on('error', reject);
    });
  const before = await serial();
  server.setCertificate(await authority.serverCertificate({ dnsNames: ['localhost'], ipAddresses: [] }));
  t.not(await serial(), before);
});

test('a client that sends its review slowly is cut, and one that goes harms nobody', async (t) => {
  const { port, ca, post } = await startWebhook(t);
  const socket = connect({ host: '127.0.0.1', port, ca, servername: 'localhost' });
  await new Promise<void>((resolve) => socket.once('secureConnect', resolve));
  socket.write(
    `POST ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`,
  );
  socket.destroy();
  t.match(await post(review(SOUND)), { status: 200 });
});

test('a port that is taken is said to be', async (t) => {
  const { port, authority } = await startWebhook(t);
  const certificate = await authority.serverCertificate({ dnsNames: ['localhost'], ipAddresses: [] });
  const again = startWebhookServer({
    listen: { host: '127.0.0.1', port },
    certificate,
    reviewer: { review: async () => ({ allowed: true }) },
    failClosed: false,
    timeoutMs: 1,
    clock: systemClock,
    log: silentLogger,
  });
  await t.rejects(again, { code: 'ERR_CONTROLLER_WEBHOOK' });
});

function policyText(index: number): string {
  return JSON.stringify({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: `p${index}`, namespace: 'shop' },
    spec: { rules: [{ from: [{ source: { namespaces: ['shop'] } }] }] },
  });
}
