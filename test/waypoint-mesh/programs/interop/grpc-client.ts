// gRPC with @grpc/grpc-js against the interop server: `node grpc-client.ts HOST PORT`. Prints CheckReport lines.
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { once } from 'node:events';
import {
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  makeGenericClientConstructor,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { runChecks } from '../checks.ts';
import { INTEROP, type InteropMessage } from './messages.ts';

const [host = '', port = ''] = process.argv.slice(2);
const client = new Client(`${host}:${port}`, credentials.createInsecure(), {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
});

interface Called {
  readonly answer: InteropMessage;
  readonly headers: Metadata;
  readonly trailers: Metadata;
}

function unary(
  request: InteropMessage,
  options: { readonly metadata?: Metadata; readonly deadlineMs?: number } = {},
): Promise<Called> {
  const { path, requestSerialize, responseDeserialize } = INTEROP.unary;
  const metadata = options.metadata ?? new Metadata();
  const deadline = options.deadlineMs === undefined ? {} : { deadline: Date.now() + options.deadlineMs };
  return new Promise((resolve, reject) => {
    let headers = new Metadata();
    let answer: InteropMessage = {};
    const call = client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
      deadline,
      (error, value = {}) => {
        answer = value;
        if (error !== null) reject(error);
      },
    );
    call.on('metadata', (received) => {
      headers = received;
    });
    call.on('status', ({ metadata: trailers, code }) => {
      if (code === status.OK) resolve({ answer, headers, trailers });
    });
  });
}

function chat(metadata = new Metadata()): ClientDuplexStream<InteropMessage, InteropMessage> {
  const { path, requestSerialize, responseDeserialize } = INTEROP.chat;
  return client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
}

function list(request: InteropMessage): ClientReadableStream<InteropMessage> {
  const { path, requestSerialize, responseDeserialize } = INTEROP.list;
  return client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
}

async function collect(messages: readonly InteropMessage[], end = true): Promise<InteropMessage> {
  const { path, requestSerialize, responseDeserialize } = INTEROP.collect;
  return new Promise((resolve, reject) => {
    const call = client.makeClientStreamRequest<InteropMessage, InteropMessage>(
      path,
      requestSerialize,
      responseDeserialize,
      (error, answer) => (error === null && answer !== undefined ? resolve(answer) : reject(error)),
    );
    // A server that answers early stops the writing.
    call.on('error', reject);
    const writeAll = async (): Promise<void> => {
      for (const message of messages) if (!call.write(message)) await once(call, 'drain');
      if (end) call.end();
    };
    writeAll().catch(reject);
  });
}

async function cancelledAtServer(): Promise<readonly string[]> {
  const { path, requestSerialize, responseDeserialize } = INTEROP.report;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, {}, (error, answer) =>
      error === null ? resolve(answer?.cancelled ?? []) : reject(error),
    );
  });
}

async function untilCancelledAtServer(text: string): Promise<void> {
  while (!(await cancelledAtServer()).includes(text)) await new Promise((settle) => setTimeout(settle, 20));
}

const uneven = (bytes: number): string => 'abcdefghijklmnopqrstuvwxyz'.repeat(bytes / 26 + 1).slice(0, bytes);

await runChecks({
  async 'a unary call is answered'() {
    equal((await unary({ text: 'hello' })).answer.text, 'hello');
  },
  async 'metadata goes both ways, in front and behind, also binary and several values of one key'() {
    const metadata = new Metadata();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    metadata.add('x-ask-text', 'one');
    metadata.add('x-ask-text', 'two, three');
    metadata.add('x-ask-data-bin', bytes);
    const { headers, trailers } = await unary({}, { metadata });
    for (const [where, received] of [
      ['header', headers],
      ['trailer', trailers],
    ] as const) {
      deepEqual(received.get(`x-${where}-text`).join(', '), 'one, two, three');
      deepEqual(received.get(`x-${where}-data-bin`), [bytes]);
    }
  },
  async 'every status code and its message arrive, also what is not ASCII'() {
    for (let code = 1; code <= 16; code++) {
      const details = `code ${code}: Grüße, 世界, 100 % "quoted"\n`;
      await rejects(unary({ status: { code, details } }), { code, details });
    }
  },
  async 'trailers of a failed call arrive'() {
    const metadata = new Metadata();
    metadata.add('x-ask-why', 'because');
    await rejects(
      unary({ status: { code: status.ABORTED, details: 'no' } }, { metadata }),
      (error: ServiceError) => error.metadata.get('x-trailer-why')[0] === 'because',
    );
  },
  async 'a method that is not there is Unimplemented'() {
    const Other = makeGenericClientConstructor({ x: { ...INTEROP.unary, path: '/interop.Interop/Not' } }, '');
    const other = new Other(`${host}:${port}`, credentials.createInsecure());
    const failed = new Promise((_resolve, reject) => other.x?.({}, (error: Error | null) => reject(error)));
    await rejects(failed, { code: status.UNIMPLEMENTED });
    other.close();
  },
  async 'messages of 4 MiB go both ways'() {
    const bytes = 4 << 20;
    const { answer } = await unary({ padding: uneven(bytes), replyBytes: bytes });
    equal(answer.padding?.length, bytes);
  },
  async 'a client streams a thousand messages, and large ones'() {
    const small = Array.from({ length: 1000 }, (_, index) => ({ padding: uneven(index) }));
    deepEqual(await collect(small), { messages: 1000, text: String((999 * 1000) / 2) });
    const large = Array.from({ length: 8 }, () => ({ padding: uneven(1 << 20) }));
    deepEqual(await collect(large), { messages: 8, text: String(8 << 20) });
  },
  async 'a server streams a thousand messages in order, and large ones'() {
    const texts: (string | undefined)[] = [];
    for await (const { text } of list({ messages: 1000 }) as AsyncIterable<InteropMessage>) texts.push(text);
    deepEqual(
      texts,
      Array.from({ length: 1000 }, (_, index) => String(index)),
    );
    let bytes = 0;
    for await (const { padding = '' } of list({
      messages: 8,
      replyBytes: 1 << 20,
    }) as AsyncIterable<InteropMessage>)
      bytes += padding.length;
    equal(bytes, 8 << 20);
  },
  async 'a stream of a server may end with a failure after its messages'() {
    const stream = list({ messages: 3, status: { code: status.DATA_LOSS, details: 'the rest is gone' } });
    const texts: (string | undefined)[] = [];
    await rejects(
      async () => {
        for await (const { text } of stream as AsyncIterable<InteropMessage>) texts.push(text);
      },
      { code: status.DATA_LOSS, details: 'the rest is gone' },
    );
    deepEqual(texts, ['0', '1', '2']);
  },
  async 'in a stream both ways each message is answered before the next is sent'() {
    const call = chat();
    for (let turn = 0; turn < 200; turn++) {
      call.write({ text: String(turn) });
      const [{ text }] = (await once(call, 'data')) as [InteropMessage];
      equal(text, String(turn));
    }
    call.end();
    await once(call.resume(), 'end');
  },
  async 'messages of a stream that nobody reads are held back, and none is lost'() {
    const call = list({ messages: 200, replyBytes: 256 * 1024 });
    call.pause();
    await new Promise((settle) => setTimeout(settle, 1500));
    let messages = 0;
    for await (const { padding } of call as AsyncIterable<InteropMessage>) {
      equal(padding?.length, 256 * 1024);
      messages += 1;
    }
    equal(messages, 200);
  },
  async 'a cancellation is seen by the server, of each kind of call'() {
    const call = chat();
    call.write({ text: 'cancelled chat' });
    await once(call, 'data');
    call.on('error', () => undefined);
    call.cancel();
    await untilCancelledAtServer('cancelled chat');
    const stream = list({ text: 'cancelled list', messages: 10_000, delayMs: 5 });
    await once(stream, 'data');
    stream.on('error', () => undefined);
    stream.cancel();
    await untilCancelledAtServer('cancelled list');
  },
  async 'a deadline ends the call at both ends'() {
    await rejects(unary({ text: 'too slow', delayMs: 20_000 }, { deadlineMs: 300 }), {
      code: status.DEADLINE_EXCEEDED,
    });
    await untilCancelledAtServer('too slow');
  },
  async 'a server that answers early is heard'() {
    const early = collect(
      [{ padding: 'x' }, { status: { code: status.FAILED_PRECONDITION, details: 'enough' } }],
      false,
    );
    await rejects(early, { code: status.FAILED_PRECONDITION, details: 'enough' });
  },
  async 'three hundred calls at once share a connection'() {
    const calls = Array.from({ length: 300 }, (_, index) => unary({ text: String(index), delayMs: 20 }));
    const answers = await Promise.all(calls);
    ok(answers.every(({ answer }, index) => answer.text === String(index)));
  },
});
