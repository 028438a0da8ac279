import { once } from 'node:events';
import { Readable } from 'node:stream';
import { test } from 'tap';
import { systemClock } from '../../../src/base/index.ts';
import { HeaderList, type HttpBody, type HttpRequest } from '../../../src/http/index.ts';
import type { Authorizer, RequestTest } from '../../../src/model/index.ts';
import { createSender } from '../../../src/waypoint/layers/create-handler.ts';
import { createRetryLayer } from '../../../src/waypoint/layers/resilience/retry.ts';
import { createRequestRecord } from '../../../src/waypoint/request/request-record.ts';
import { ip, keyOf, makeWorkload } from '../../model/mesh-fixtures.ts';
import { policyOf } from '../../policy/support/requests.ts';
import { bodyOf, fieldsOf, makeRequest, makeResponse } from '../request-fixtures.ts';
import { textOf, withUpstreams } from '../support/upstream-world.ts';
import { type CheckAnswer, startGrpcAuthorizer } from './support/authorizer-servers.ts';
import { type GuardedOptions, guardedService, makeAuthorizer } from './support/guarded-service.ts';

type Answer = Parameters<typeof startGrpcAuthorizer>[0];

interface Setting extends Omit<GuardedOptions, 'send' | 'authorizers'> {
  readonly authorizer?: Partial<Authorizer>;
  readonly more?: readonly Partial<Authorizer>[];
  /** Of further endpoints that are not there. */
  readonly deadPorts?: readonly number[];
}

const ASK = policyOf('ask', { kind: 'custom', provider: 'opa' }, [{}]);
const ALLOWED = { status: { code: 0 } };

/** A service whose requests an authorizer is asked about, over a real server and connection. */
async function withAuthorizer(
  answer: Answer,
  setting: Setting,
  run: (
    world: ReturnType<typeof guardedService> & { asked: readonly Parameters<Answer>[0][] },
  ) => Promise<void>,
): Promise<void> {
  const { authorizer = {}, more = [], policies = [ASK], deadPorts = [], ...options } = setting;
  const server = await startGrpcAuthorizer(answer);
  try {
    await withUpstreams({ protocol: 'grpc' }, async ({ view, service, upstreams }) => {
      const key = keyOf(service);
      const workloads = [server.port, ...deadPorts].map((targetPort) =>
        makeWorkload({
          name: `opa-${targetPort}`,
          addresses: [ip('127.0.0.1')],
          tunnelProtocol: 'none',
          services: new Map([[key, [{ servicePort: 80, targetPort, appProtocol: 'grpc' as const }]]]),
        }),
      );
      view.apply({ upsertWorkloads: workloads });
      const authorizers = [authorizer, ...more].map((over) => makeAuthorizer(key, over));
      const guarded = guardedService({
        ...options,
        policies,
        authorizers,
        send: createSender(upstreams, createRetryLayer({ clock: systemClock })),
      });
      await run({ ...guarded, asked: server.asked });
    });
  } finally {
    server.close();
  }
}

const option = (key: string, value: string, over: object = {}) => ({ header: { key, value }, ...over });

test('an authorizer learns who asks for what', async (t) => {
  await withAuthorizer(
    () => ALLOWED,
    {},
    async ({ send, asked, outcomes }) => {
      const request = makeRequest({
        method: 'PUT',
        target: '/a/b?c=d',
        headers: { 'x-request-id': 'r-7', 'X-Many': 'one', accept: '*/*' },
      });
      request.headers.add('x-many', 'two');
      t.equal((await send(request)).status, 200);
      const [question] = asked;
      t.match(question?.source, { principal: 'spiffe://cluster.local/ns/shop/sa/client' });
      t.match(question?.source?.address?.address.value, {
        address: '10.0.0.9',
        portSpecifier: { value: 40_000 },
      });
      t.match(question?.destination?.address?.address.value, {
        address: '10.96.0.1',
        portSpecifier: { value: 80 },
      });
      t.match(question?.request?.http, {
        id: 'r-7',
        method: 'PUT',
        host: 'echo',
        path: '/a/b?c=d',
        scheme: 'http',
        protocol: 'HTTP/1.1',
        size: 0n,
        body: '',
      });
      t.same(question?.request?.http?.headers, {
        ':method': 'PUT',
        ':scheme': 'http',
        ':authority': 'echo',
        ':path': '/a/b?c=d',
        'x-request-id': 'r-7',
        'x-many': 'one,two',
        accept: '*/*',
      });
      t.same(outcomes, ['opa allowed']);
    },
  );
});

test('an authorizer changes the request on its way on, and the answer on its way back', async (t) => {
  const ok = {
    headers: [
      option('x-user', 'alice'),
      option('x-tag', 'b', { append: true }),
      option('x-once', 'no', { appendAction: 1 }),
      option('x-gone', 'never', { appendAction: 3 }),
      option('host', 'elsewhere'),
      option('content-length', '7'),
      option(':path', '/other'),
    ],
    headersToRemove: ['Authorization', 'connection'],
    queryParametersToSet: [{ key: 'tenant', value: 'a b' }],
    queryParametersToRemove: ['token'],
    responseHeadersToAdd: [option('x-seen', 'yes'), option('x-from', 'opa', { append: false })],
  };
  await withAuthorizer(
    () => ({ ...ALLOWED, httpResponse: { case: 'okResponse', value: ok } }),
    {},
    async ({ send, passed }) => {
      const headers = { authorization: 'x', 'x-user': 'root', 'x-tag': 'a', 'x-once': 'yes' };
      const answer = await send(makeRequest({ target: '/p?token=1&q=%20&tenant=z', headers }));
      const request = passed.calls[0]?.request;
      t.same(request && fieldsOf(request.headers), { 'x-user': 'alice', 'x-tag': 'a, b', 'x-once': 'yes' });
      t.equal(request?.target, '/p?q=%20&tenant=a%20b');
      t.equal(request?.authority, 'echo');
      t.same(fieldsOf(answer.headers), { 'x-from': 'opa', 'x-seen': 'yes' });
    },
  );
});

test('what an authorizer has made of a request is judged too', async (t) => {
  const role: RequestTest = {
    subject: 'header',
    name: 'x-role',
    values: [{ kind: 'exact', value: 'guest' }],
    notValues: [],
  };
  const ok = { headers: [option('x-role', 'guest')] };
  await withAuthorizer(
    () => ({ ...ALLOWED, httpResponse: { case: 'okResponse', value: ok } }),
    { policies: [ASK, policyOf('no-guests', 'deny', [{ when: [role] }])] },
    async ({ send, passed }) => {
      await t.rejects(send(makeRequest({ headers: { 'x-role': 'admin' } })), {
        code: 'ERR_WAYPOINT_DENIED',
        policy: 'shop/no-guests',
      });
      t.equal(passed.calls.length, 0);
    },
  );
});

test('a refusal of an authorizer is passed on as it is', async (t) => {
  const denied = {
    status: { code: 302 },
    headers: [option('location', 'https://login'), option('set-cookie', 'a'), option('set-cookie', 'b')],
    body: 'log in',
  };
  await withAuthorizer(
    () => ({ status: { code: 16 }, httpResponse: { case: 'deniedResponse', value: denied } }),
    {},
    async ({ send, passed, outcomes }) => {
      const record = createRequestRecord();
      const answer = await send(makeRequest(), { record });
      t.equal(answer.status, 302);
      t.same(
        [...answer.headers],
        [
          ['location', 'https://login'],
          ['set-cookie', 'a'],
          ['set-cookie', 'b'],
        ],
      );
      t.equal(await textOf(answer), 'log in');
      t.match(record, { policy: 'shop/ask', rule: 0, reason: 'authorizer_denied' });
      t.equal(passed.calls.length, 0);
      t.same(outcomes, ['opa denied']);
    },
  );
});

test('a refusal without a form of its own is a 403, and a gRPC status for gRPC', async (t) => {
  await withAuthorizer(
    () => ({ status: { code: 7 } }),
    {},
    async ({ send }) => {
      t.equal((await send()).status, 403);
      const answer = await send(makeRequest({ headers: { 'content-type': 'application/grpc' } }));
      t.equal(answer.status, 200);
      t.same(fieldsOf(answer.headers), { 'content-type': 'application/grpc', 'grpc-status': '7' });
    },
  );
});

test('an authorizer that gives no answer counts as its owner says', async (t) => {
  const failing: readonly (readonly [string, Answer, Partial<Authorizer>])[] = [
    ['fails', () => ({ code: 14, details: 'overloaded' }), {}],
    ['says nothing', () => ({}), {}],
    ['talks nonsense', () => Buffer.from('nonsense'), {}],
    ['takes too long', () => 'never', { timeoutMs: 50 }],
    ['is not there', () => ALLOWED, { port: 81 }],
  ];
  for (const [what, answer, over] of failing) {
    await withAuthorizer(
      answer,
      { authorizer: { ...over, statusOnError: 503 } },
      async ({ send, outcomes }) => {
        await t.rejects(
          send(),
          {
            code: 'ERR_WAYPOINT_AUTHORIZER',
            policy: 'shop/ask',
            reason: 'authorizer_failed',
            answer: { status: 503, grpc: 14 },
          },
          what,
        );
        t.same(outcomes, ['opa refused'], what);
      },
    );
    await withAuthorizer(
      answer,
      { authorizer: { ...over, failOpen: true } },
      async ({ send, outcomes, lines }) => {
        t.equal((await send()).status, 200, what);
        t.same(outcomes, ['opa passed'], what);
        t.match(lines, [['request goes on without the word of its authorizer', { authorizer: 'opa' }]], what);
      },
    );
  }
});

test('an endpoint of an authorizer that is not there costs no request', async (t) => {
  await withAuthorizer(
    () => ALLOWED,
    { deadPorts: [1] },
    async ({ send, outcomes }) => {
      for (let count = 0; count < 8; count++) t.equal((await send()).status, 200);
      t.same(new Set(outcomes), new Set(['opa allowed']));
    },
  );
});

test('that a client gives up is not taken for a failure to be passed over', async (t) => {
  await withAuthorizer(
    () => 'never',
    { authorizer: { failOpen: true } },
    async ({ send, asked, passed, outcomes }) => {
      const client = new AbortController();
      const sending = send(makeRequest(), { signal: client.signal });
      while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      client.abort(new Error('gone'));
      await t.rejects(sending, { message: /given up/ });
      t.equal(passed.calls.length, 0);
      t.same(outcomes, []);
    },
  );
});

test('every authorizer must agree, and sees what those before it did', async (t) => {
  const policies = [ASK, policyOf('second', { kind: 'custom', provider: 'two' }, [{}])];
  const more = [{ name: 'two' }];
  const ok: CheckAnswer = {
    httpResponse: { case: 'okResponse', value: { headers: [option('x-step', 'one')] } },
  };
  await withAuthorizer(
    (_question, index) => (index === 0 ? ok : { status: { code: 7 } }),
    { policies, more },
    async ({ send, asked, outcomes }) => {
      t.equal((await send()).status, 403);
      t.same(outcomes, ['opa allowed', 'two denied']);
      t.equal(asked[1]?.request?.http?.headers['x-step'], 'one');
    },
  );
});

async function echoed(request: HttpRequest) {
  const text = request.body.stream === undefined ? '' : await textOf(makeResponse(200, {}, request.body));
  return makeResponse(200, {}, bodyOf(`${text} ${request.body.length} ${request.expectContinue}`));
}

test('an authorizer sees as much of the body as it may, and the backend all of it', async (t) => {
  const shown = (allowPartial: boolean, asBytes = false) => ({
    authorizer: { requestBody: { maxBytes: 5, allowPartial, asBytes } },
    backend: echoed,
  });
  const post = (body: HttpBody) => makeRequest({ method: 'POST', body, expectContinue: true });
  await withAuthorizer(
    () => ALLOWED,
    shown(false),
    async ({ send, asked }) => {
      t.equal(await textOf(await send(post(bodyOf('he', 'llo')))), 'hello 5 false');
      t.match(asked[0]?.request?.http, { body: 'hello', size: 5n });
      t.equal(asked[0]?.request?.http?.headers['x-envoy-auth-partial-body'], 'false');
      t.equal((await send()).status, 200);
      t.equal(asked[1]?.request?.http?.body, '');
    },
  );
  await withAuthorizer(
    () => ALLOWED,
    shown(true),
    async ({ send, asked }) => {
      const long = 'abcdefghij'.repeat(20_000);
      t.equal(await textOf(await send(post(bodyOf('abc', 'def', long)))), `abcdef${long} 200006 false`);
      t.match(asked[0]?.request?.http, { body: 'abcde', size: 200_006n });
      t.equal(asked[0]?.request?.http?.headers['x-envoy-auth-partial-body'], 'true');
    },
  );
  await withAuthorizer(
    () => ALLOWED,
    shown(true, true),
    async ({ send, asked }) => {
      await send(post({ ...bodyOf(Buffer.from([1, 0xff])), length: undefined }));
      const http = asked[0]?.request?.http;
      t.same(Buffer.from(http?.rawBody ?? []), Buffer.from([1, 0xff]));
      t.equal(http?.size, -1n);
    },
  );
});

test('a body that an authorizer may not see whole is refused', async (t) => {
  const requestBody = { maxBytes: 5, allowPartial: false, asBytes: false };
  await withAuthorizer(
    () => ALLOWED,
    { authorizer: { requestBody } },
    async ({ send, asked, passed }) => {
      for (const length of [6, undefined]) {
        const body = { ...bodyOf('abcdef'), length };
        await t.rejects(send(makeRequest({ method: 'POST', body })), {
          code: 'ERR_WAYPOINT_UNCHECKED_BODY',
          policy: 'shop/ask',
        });
      }
      t.equal(asked.length + passed.calls.length, 0);
    },
  );
});

test('bodies for which there is no room are refused, and those that are cut end the request', async (t) => {
  const requestBody = { maxBytes: 5_000, allowPartial: true, asBytes: false };
  const setting = { authorizer: { requestBody }, memoryBytes: 100 };
  await withAuthorizer(
    () => ALLOWED,
    setting,
    async ({ send, guards, asked }) => {
      await t.rejects(send(makeRequest({ body: bodyOf('x'.repeat(200)) })), {
        code: 'ERR_WAYPOINT_UNCHECKED_BODY',
        reason: 'no_room',
        answer: { status: 503 },
      });
      t.equal(guards.memory.take(100), true, 'what was taken is given back');
      guards.memory.give(100);
      const stream = new Readable({ read: () => undefined });
      stream.push('ab');
      const sending = send(makeRequest({ body: { stream, length: 10, trailers: () => undefined } }));
      setImmediate(() => stream.destroy(new Error('cut')));
      await t.rejects(sending, { message: /cut/ });
      t.equal(guards.memory.take(100), true, 'what was taken is given back');
      t.equal(asked.length, 0);
    },
  );
});

test('a body that an authorizer saw takes room until it has gone on, or the request is over', async (t) => {
  const requestBody = { maxBytes: 5_000, allowPartial: true, asBytes: false };
  const setting = { authorizer: { requestBody }, memoryBytes: 250 };
  await withAuthorizer(
    () => ALLOWED,
    setting,
    async ({ send, guards, passed }) => {
      const body = () => bodyOf('x'.repeat(200));
      const hasRoom = () => {
        const room = guards.memory.take(100);
        if (room) guards.memory.give(100);
        return room;
      };
      const ends: (() => void)[] = [];
      const onEnd = (listener: () => void) => ends.push(listener);
      await send(makeRequest({ body: body() }), { onEnd });
      t.notOk(hasRoom(), 'its backend has read nothing');
      await t.rejects(send(makeRequest({ body: body() })), {
        code: 'ERR_WAYPOINT_UNCHECKED_BODY',
        reason: 'no_room',
      });
      for (const end of ends.splice(0)) end();
      t.ok(hasRoom());
      await send(makeRequest({ body: body() }), { onEnd });
      const { stream } = passed.calls.at(-1)?.request.body ?? {};
      if (stream !== undefined) await once(stream.resume(), 'close');
      t.ok(hasRoom());
      for (const end of ends) end();
      t.notOk(guards.memory.take(251), 'it is given back once');
    },
  );
});

test('trailers of a body that an authorizer saw still come', async (t) => {
  const requestBody = { maxBytes: 50, allowPartial: true, asBytes: false };
  const trailers = new HeaderList([['x-sum', '1']]);
  await withAuthorizer(
    () => ALLOWED,
    { authorizer: { requestBody }, backend: echoed },
    async ({ send, passed }) => {
      await send(makeRequest({ body: { ...bodyOf('abc'), trailers: () => trailers } }));
      t.equal(passed.calls[0]?.request.body.trailers(), trailers);
    },
  );
});
