// What src/net asks of the kernel by FFI, one step after the other, in a network namespace of its own: run by ../arm64.test.ts with
// the image's Node. Without what the emulator does not know: NS_GET_NSTYPE, marks, IP_TRANSPARENT, netfilter. Ends with `all done`,
// or with the name of the first step that fails.
import { readlinkSync } from 'node:fs';
import { createServer } from 'node:net';

const net = await import('/opt/nodemesh/dist/net/index.js');

async function step(name, work) {
  try {
    return await work();
  } catch (error) {
    process.stdout.write(`failed: ${name}: ${error.stack}\n`);
    process.exit(1);
  }
}

function expect(actual, wanted) {
  if (actual !== wanted) throw new Error(`expected ${wanted}, got ${actual}`);
}

const namespace = await step('a namespace', () => net.openNamespace('/proc/self/ns/net'));
await step('the thread goes in and comes back', () => {
  expect(
    namespace.inside(() => readlinkSync('/proc/thread-self/ns/net')),
    readlinkSync('/proc/self/ns/net'),
  );
});
await step('settings', () => {
  net.writeSysctls(namespace, new Map([['net.ipv4.ip_forward', '1']]));
  expect(net.readSysctls(namespace, ['net.ipv4.ip_forward']).get('net.ipv4.ip_forward'), '1');
});
await step('addresses by netlink', () => {
  expect([...net.namespaceAddresses(namespace)].join(), '127.0.0.1,::1');
});
const listening = await step('a listener', () =>
  net.openListener(namespace, { address: '127.0.0.1', port: 15_001, mark: 0, reusePort: true }),
);
const server = createServer((socket) => socket.pipe(socket)).listen({ fd: listening });
const socket = await step('a connection', () =>
  net.connectTcp({ namespace, address: '127.0.0.1', port: 15_001, timeoutMs: 20_000 }),
);
await step('an echo', async () => {
  socket.write('through the mesh');
  expect(
    await new Promise((resolve) => socket.once('data', (data) => resolve(String(data)))),
    'through the mesh',
  );
});
socket.destroy();
server.close();
await step('limits', () => net.limitProcess(process.pid, { moreBytes: 2 ** 30 }));
process.stdout.write('all done\n');
