// A ztunnel of another version, which can read nothing of what the controller tells it of workloads and services:
// `node older-ztunnel.ts CONTROLLER ROOTS_FILE TOKEN_FILE`, until standard input ends.
import { readFile } from 'node:fs/promises';
import { createSignal } from '../../../src/base/index.ts';
import { createGrpcClient } from '../../../src/wire/index.ts';
import { ADDRESS_TYPE, createDeltaClient, resourceSubscription } from '../../../src/xds/index.ts';

const [controller = '', rootsFile = '', tokenFile = ''] = process.argv.slice(2);
const grpc = createGrpcClient({
  address: controller,
  roots: { read: () => readFile(rootsFile, 'utf8'), changes: createSignal<void>() },
  token: () => readFile(tokenFile, 'utf8'),
  clusterId: 'Kubernetes',
});
const client = createDeltaClient({
  transport: grpc.xdsTransport,
  node: { id: 'ztunnel~127.0.0.1~older.mesh~mesh.svc.cluster.local', metadata: {} },
  types: [
    resourceSubscription({
      typeUrl: ADDRESS_TYPE,
      decode() {
        throw new Error('unknown field 4711');
      },
      onUpdate: () => undefined,
    }),
  ],
});
// Closed before it was ever ready: that is what it is for.
client.ready.catch(() => undefined);
client.start();
process.stdin.resume().on('end', async () => {
  await client.close();
  await grpc.close();
});
