import { Client, experimental, Metadata, Server, ServerCredentials, credentials } from '@grpc/grpc-js';
import t from 'tap';
import { DELTA_RESOURCES } from '../../../src/wire/grpc/methods.ts';
import { serverMethod } from '../../../src/wire/server/requests/incoming.ts';
import { shapeCalls } from '../../../src/wire/server/shape-calls.ts';
import { shareFrames } from '../../../src/wire/server/shared-frames.ts';
import type { DeltaResponse } from '../../../src/xds/index.ts';

const { test } = t;

test('a discovery response goes out in the frame that was made for all, and grpc-js lays out none of its own', async (t) => {
  const name = 'team/pod';
  const resource = { name, version: '1', aliases: [], bytes: Buffer.alloc(300_000, 'x') };
  const blocks = [{ resources: [resource], bytes: 300_000 }];
  const response: DeltaResponse = {
    ...{ typeUrl: 'T', nonce: '1', systemVersion: '1' },
    ...{ blocks, resources: [], removed: [] },
  };
  let laidOut = 0;
  const method = {
    ...serverMethod(DELTA_RESOURCES),
    responseSerialize(value: DeltaResponse) {
      laidOut += 1;
      return DELTA_RESOURCES.responseSerialize(value);
    },
  };
  const server = new Server();
  server.addService(
    { deltaResources: method },
    {
      deltaResources(call: { write(value: DeltaResponse): void; end(): void }) {
        call.write(response);
        call.end();
      },
    },
  );
  const plain = ServerCredentials.createInsecure();
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(
      '127.0.0.1:0',
      experimental.createServerCredentialsWithInterceptors(plain, [shapeCalls([shareFrames])]),
      (error, bound) => (error ? reject(error) : resolve(bound)),
    ),
  );
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  for (let proxy = 0; proxy < 2; proxy++) {
    const { path, requestSerialize, responseDeserialize } = DELTA_RESOURCES;
    const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, new Metadata());
    const heard: DeltaResponse[] = [];
    for await (const message of stream) heard.push(message);
    t.equal(heard.length, 1);
    t.equal(heard[0]?.nonce, '1');
    t.match(heard[0]?.resources, [{ name, version: '1' }]);
    t.ok(Buffer.from(heard[0]?.resources[0]?.bytes ?? []).equals(resource.bytes));
  }
  t.equal(laidOut, 0);
  client.close();
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
});
