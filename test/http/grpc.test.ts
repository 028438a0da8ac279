import { once } from 'node:events';
import net from 'node:net';
import {
  Client,
  credentials,
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { test } from 'tap';
import { connectHttp2, type HttpExchange, serveHttp2 } from '../../src/http/index.ts';
import { socketStream, withServer } from './support/loopback.ts';

const raw = (bytes: Buffer): Buffer => bytes;
const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/test.Echo/${name}`,
  requestStream,
  responseStream,
  requestSerialize: raw,
  requestDeserialize: raw,
  responseSerialize: raw,
  responseDeserialize: raw,
});
const service = {
  unary: method('Unary', false, false),
  fail: method('Fail', false, false),
  slow: method('Slow', false, false),
  collect: method('Collect', true, false),
  list: method('List', false, true),
  chat: method('Chat', true, true),
};

/** gRPC from one process of grpc-js to another, with both ends of ours in between. */
async function withProxy(
  work: (client: Client, seen: { cancelled: number }) => Promise<void>,
): Promise<void> {
  const seen = { cancelled: 0 };
  const server = new Server({ 'grpc.max_receive_message_length': -1 });
  const unary: handleUnaryCall<Buffer, Buffer> = (call, done) => {
    const trailing = new Metadata();
    trailing.set('x-trailing-bin', Buffer.from([1, 2, 255]));
    call.sendMetadata(call.metadata);
    done(null, call.request, trailing);
  };
  const list: handleServerStreamingCall<Buffer, Buffer> = (call) => {
    for (let index = 0; index < Number(call.request); index++) call.write(Buffer.from(`${index}`));
    call.end();
  };
  const chat: handleBidiStreamingCall<Buffer, Buffer> = (call) => {
    call.on('data', (message: Buffer) => call.write(Buffer.from(`re: ${message}`)));
    call.on('end', () => call.end());
    call.on('cancelled', () => {
      seen.cancelled += 1;
    });
  };
  server.addService(service, {
    unary,
    fail: (_call: unknown, done: (error: Partial<ServiceError>) => void) =>
      done({ code: status.FAILED_PRECONDITION, details: 'nö, 100 % not' }),
    slow: (call: { on(event: string, listener: () => void): void }) =>
      call.on('cancelled', () => {
        seen.cancelled += 1;
      }),
    collect: (call: AsyncIterable<Buffer>, done: (error: null, value: Buffer) => void) => {
      void (async () => {
        let bytes = 0;
        for await (const message of call) bytes += message.length;
        done(null, Buffer.from(`${bytes}`));
      })();
    },
    list,
    chat,
  });
  const backend = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    ),
  );
  const socket = net.connect({ port: backend, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  const upstream = connectHttp2(socketStream(socket));
  const onExchange = (exchange: HttpExchange): void => {
    upstream.send(exchange.request, { signal: exchange.signal }).then(
      (response) => exchange.respond(response).catch(() => undefined),
      (error) => exchange.abort(error),
    );
  };
  await withServer(serveHttp2, { onExchange }, async (port) => {
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
    });
    try {
      await work(client, seen);
    } finally {
      client.close();
    }
  });
  upstream.destroy();
  await upstream.closed;
  server.forceShutdown();
}

function unaryCall(
  client: Client,
  name: 'unary' | 'fail' | 'slow',
  message: Buffer,
  options: { metadata?: Metadata; deadline?: number } = {},
): Promise<{
  error: ServiceError | null;
  value: Buffer | undefined;
  metadata: Metadata | undefined;
  trailing: Metadata | undefined;
}> {
  return new Promise((resolve) => {
    let metadata: Metadata | undefined;
    let trailing: Metadata | undefined;
    let outcome: { error: ServiceError | null; value: Buffer | undefined } | undefined;
    const settle = (): void => {
      if (outcome !== undefined && trailing !== undefined) resolve({ ...outcome, metadata, trailing });
    };
    const call = client.makeUnaryRequest(
      service[name].path,
      raw,
      raw,
      message,
      options.metadata ?? new Metadata(),
      options.deadline === undefined ? {} : { deadline: Date.now() + options.deadline },
      (error, value) => {
        outcome = { error, value };
        settle();
      },
    );
    call.on('metadata', (received) => {
      metadata = received;
    });
    call.on('status', (received) => {
      trailing = received.metadata;
      settle();
    });
  });
}

test('unary calls, with metadata both ways and messages of megabytes', async (t) => {
  await withProxy(async (client) => {
    const metadata = new Metadata();
    metadata.set('x-text', 'some text');
    metadata.set('x-bytes-bin', Buffer.from([0, 10, 13, 255]));
    metadata.add('x-many', 'one');
    metadata.add('x-many', 'two');
    const answer = await unaryCall(client, 'unary', Buffer.from('hello'), { metadata });
    t.equal(answer.error, null);
    t.equal(String(answer.value), 'hello');
    t.same(answer.metadata?.get('x-text'), ['some text']);
    t.same(answer.metadata?.get('x-bytes-bin'), [Buffer.from([0, 10, 13, 255])]);
    t.same(answer.metadata?.get('x-many').join(', '), 'one, two');
    t.same(answer.trailing?.get('x-trailing-bin'), [Buffer.from([1, 2, 255])]);
    const large = await unaryCall(client, 'unary', Buffer.alloc(16 * 1024 * 1024, 'x'));
    t.equal(large.value?.length, 16 * 1024 * 1024);
    const many = await Promise.all(
      Array.from({ length: 300 }, (_, index) => unaryCall(client, 'unary', Buffer.from(`${index}`))),
    );
    t.ok(many.every(({ value }, index) => String(value) === `${index}`));
  });
});

test('codes and their messages come as they were', async (t) => {
  await withProxy(async (client) => {
    const { error } = await unaryCall(client, 'fail', Buffer.alloc(0));
    t.match(error, { code: status.FAILED_PRECONDITION, details: 'nö, 100 % not' });
  });
});

test('the streaming kinds', async (t) => {
  await withProxy(async (client) => {
    const collected = await new Promise<Buffer | undefined>((resolve, reject) => {
      const call = client.makeClientStreamRequest(
        service.collect.path,
        raw,
        raw,
        new Metadata(),
        (error, value) => (error ? reject(error) : resolve(value)),
      );
      for (let index = 0; index < 100; index++) call.write(Buffer.alloc(10_000));
      call.end();
    });
    t.equal(String(collected), '1000000');
    const list = client.makeServerStreamRequest(service.list.path, raw, raw, Buffer.from('1000'));
    const items: string[] = [];
    for await (const item of list) items.push(String(item));
    t.equal(items.length, 1_000);
    const chat = client.makeBidiStreamRequest(service.chat.path, raw, raw);
    const answers: string[] = [];
    chat.on('data', (message: Buffer) => {
      answers.push(String(message));
      if (answers.length < 5) chat.write(Buffer.from(`${answers.length}`));
      else chat.end();
    });
    chat.write(Buffer.from('0'));
    const [ended] = await once(chat, 'status');
    t.equal(ended.code, status.OK);
    t.same(answers, ['re: 0', 're: 1', 're: 2', 're: 3', 're: 4']);
  });
});

test('deadlines and cancellation reach the server', async (t) => {
  await withProxy(async (client, seen) => {
    // Connected, and long enough for the call to reach the server on a busy machine.
    await unaryCall(client, 'unary', Buffer.alloc(0));
    const { error } = await unaryCall(client, 'slow', Buffer.alloc(0), { deadline: 2_000 });
    t.equal(error?.code, status.DEADLINE_EXCEEDED);
    const chat = client.makeBidiStreamRequest(service.chat.path, raw, raw);
    chat.on('error', () => undefined);
    chat.write(Buffer.from('x'));
    await once(chat, 'data');
    chat.cancel();
    for (let waited = 0; seen.cancelled < 2 && waited < 1_500; waited++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    t.equal(seen.cancelled, 2);
  });
});
