import { duplexPair, Readable } from 'node:stream';
import fc from 'fast-check';
import { test } from 'tap';
import { createBufferBudget } from '../../src/base/index.ts';
import {
  connectHttp1,
  connectHttp2,
  HeaderList,
  type HttpBody,
  type HttpClientConnection,
  type HttpRequest,
  type HttpResponse,
  NO_BODY,
  readBody,
  resolveHttpConfig,
  serveHttp1,
  serveHttp2,
} from '../../src/http/index.ts';
import { requestOf } from '../http/support/requests.ts';
import { byteStream } from '../http/support/wire.ts';

type Fields = readonly (readonly [name: string, value: string])[];

/** A body as it is given to an end: pieces of these lengths, announced or not, and fields behind it. */
interface Content {
  readonly pieces: readonly number[];
  readonly announced: boolean;
  readonly trailers: Fields;
}

interface Exchange {
  readonly method: string;
  readonly target: string;
  readonly headers: Fields;
  readonly content: Content | undefined;
  readonly expectContinue: boolean;
  readonly status: number;
  readonly answerHeaders: Fields;
  readonly answer: Content | undefined;
  readonly hints: number;
}

const token = fc.stringMatching(/^[a-zA-Z!#$%&'*+.^_`|~0-9-]{1,12}$/).map((name) => `x-${name}`);
const value = fc.stringMatching(/^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]{0,40}[!-~\x80-\xff])?)?$/);
const fields: fc.Arbitrary<Fields> = fc.array(fc.tuple(token, value), { maxLength: 5 });
const content: fc.Arbitrary<Content> = fc.record({
  pieces: fc.array(fc.oneof(fc.nat({ max: 40 }), fc.constantFrom(8_192, 8_193, 65_536, 200_000)), {
    maxLength: 4,
  }),
  announced: fc.boolean(),
  trailers: fc.array(fc.tuple(token, value), { maxLength: 2 }),
});
const exchanges: fc.Arbitrary<Exchange> = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'X-OWN'),
  target: fc.stringMatching(/^\/[!"$-~]{0,30}$/),
  headers: fields,
  content: fc.option(content, { nil: undefined }),
  expectContinue: fc.boolean(),
  status: fc.constantFrom(200, 201, 204, 304, 404, 500, 599),
  answerHeaders: fields,
  answer: fc.option(content, { nil: undefined }),
  hints: fc.nat({ max: 2 }),
});

function bodyFrom(given: Content | undefined): HttpBody {
  if (given === undefined) return NO_BODY;
  const length = given.announced ? given.pieces.reduce((sum, size) => sum + size, 0) : undefined;
  const stream = Readable.from(
    given.pieces.map((size, index) => Buffer.alloc(size, 97 + index)),
    { objectMode: false },
  );
  return {
    stream,
    length,
    trailers: () => (given.trailers.length === 0 ? undefined : new HeaderList(given.trailers)),
  };
}

function bytesOf(given: Content | undefined): Buffer {
  return Buffer.concat((given?.pieces ?? []).map((size, index) => Buffer.alloc(size, 97 + index)));
}

/** Fields as both versions can tell them: names without case. Fields of length and framing are the ends' own. */
function told(list: HeaderList | undefined): string[] {
  return [...(list ?? [])].map(([name, text]) => `${name.toLowerCase()}: ${text}`);
}

const ENDS = {
  '1.1': { serve: serveHttp1, connect: connectHttp1 },
  '2': { serve: serveHttp2, connect: connectHttp2 },
} as const;

function fail(what: string, got: unknown, expected: unknown): never {
  throw new Error(
    `${what}: got ${JSON.stringify(got)?.slice(0, 300)}, expected ${JSON.stringify(expected)?.slice(0, 300)}`,
  );
}

function same(what: string, got: unknown, expected: unknown): void {
  if (JSON.stringify(got) !== JSON.stringify(expected)) fail(what, got, expected);
}

/** Trailers get through where there is something to put them behind. */
function trailersExpected(version: '1.1' | '2', given: Content | undefined, hasBody: boolean): string[] {
  if (!hasBody || given === undefined || (version === '1.1' && given.announced)) return [];
  return told(new HeaderList(given.trailers));
}

for (const version of ['1.1', '2'] as const) {
  test(`whatever goes in at one end of HTTP/${version} comes out at the other`, {
    timeout: 120_000,
  }, async (t) => {
    let kept = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(exchanges, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (list, readsFirst) => {
          const account = createBufferBudget().account();
          const [a, b] = duplexPair({ allowHalfOpen: true });
          const seen: { request: HttpRequest; body: Promise<Buffer> }[] = [];
          const config = resolveHttpConfig();
          const server = ENDS[version].serve(byteStream(a), {
            config,
            account,
            onExchange: (exchange) => {
              const wanted = list[seen.length];
              if (wanted === undefined) throw new Error('a request that nobody sent');
              const body = readBody(exchange.request.body, 1 << 20);
              body.catch(() => undefined);
              seen.push({ request: exchange.request, body });
              for (let hint = 0; hint < wanted.hints; hint++)
                exchange.informational(103, new HeaderList([['link', `</${hint}>`]]));
              const response: HttpResponse = {
                status: wanted.status,
                headers: new HeaderList(wanted.answerHeaders),
                body: bodyFrom(wanted.answer),
              };
              void (
                readsFirst ? body.then(() => exchange.respond(response)) : exchange.respond(response)
              ).catch(() => undefined);
            },
          });
          const client: HttpClientConnection = ENDS[version].connect(byteStream(b), { config, account });
          for (const [index, sent] of list.entries()) {
            if (client.state !== 'open') break;
            let hints = 0;
            const response = await client.send(
              requestOf({
                method: sent.method,
                target: sent.target,
                headers: new HeaderList(sent.headers),
                body: bodyFrom(sent.content),
                expectContinue: sent.expectContinue,
              }),
              {
                onInformational: (status) => {
                  if (status === 103) hints += 1;
                },
              },
            );
            const hasBody = sent.method !== 'HEAD' && sent.status !== 204 && sent.status !== 304;
            same('status', response.status, sent.status);
            same('headers of the answer', told(response.headers), told(new HeaderList(sent.answerHeaders)));
            same('hints', hints, sent.hints);
            const got = await readBody(response.body, 1 << 20);
            if (!got.equals(hasBody ? bytesOf(sent.answer) : Buffer.alloc(0)))
              fail('body of the answer', got.length, sent.answer);
            same(
              'trailers of the answer',
              told(response.body.trailers()),
              trailersExpected(version, sent.answer, hasBody),
            );
            const { request, body } = seen[index] ?? fail('request', undefined, sent);
            same(
              'request',
              [request.method, request.target, request.authority],
              [sent.method, sent.target, 'shop:80'],
            );
            same('headers of the request', told(request.headers), told(new HeaderList(sent.headers)));
            if (readsFirst) {
              if (!(await body).equals(bytesOf(sent.content)))
                fail('body of the request', (await body).length, sent.content);
              same(
                'trailers of the request',
                told(request.body.trailers()),
                trailersExpected(version, sent.content, true),
              );
            } else {
              // Answered before it was read: whatever was not read by then is thrown away.
              await body.catch(() => undefined);
            }
            if (index > 0) kept += 1;
          }
          client.destroy();
          server.destroy();
          await Promise.all([client.closed, server.closed]);
          same('bytes still counted', account.usedBytes, 0);
        },
      ),
      { numRuns: 400 },
    );
    t.ok(kept > 100, `${kept} exchanges on kept connections`);
  });
}
