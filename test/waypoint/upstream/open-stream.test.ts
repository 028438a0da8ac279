import { createServer, type Server } from 'node:net';
import { test } from 'tap';
import { DEFAULT_TRAFFIC_SETTINGS } from '../../../src/waypoint/traffic/default-settings.ts';
import { openStream } from '../../../src/waypoint/upstream/sending/open-stream.ts';
import { ip, keyOf } from '../../model/mesh-fixtures.ts';
import { type UpstreamWorld, withUpstreams } from '../support/upstream-world.ts';

const client = { address: ip('10.0.0.9'), port: 40_000 };
const { limits } = DEFAULT_TRAFFIC_SETTINGS;

test('a stream goes to one endpoint and counts until it is closed', async (t) => {
  await withUpstreams({ protocol: 'tcp' }, async (world) => {
    await world.addEndpoint('db-1', echo());
    const { stream, workload } = await open(world);
    t.equal(workload.name, 'db-1');
    t.match(world.upstreams.dump(), [
      { activeRequests: 1, connections: 1, endpoints: [{ activeRequests: 1 }] },
    ]);
    stream.duplex.end('hello');
    let text = '';
    for await (const chunk of stream.duplex) text += String(chunk);
    t.equal(text, 'hello');
    while (world.upstreams.dump()[0]?.connections !== 0) await new Promise(setImmediate);
    t.match(world.upstreams.dump(), [{ activeRequests: 0, endpoints: [{ activeRequests: 0 }] }]);
  });
});

test('where connecting fails another endpoint is tried, and the first failure is told when none is left', async (t) => {
  await withUpstreams({ protocol: 'tcp' }, async (world) => {
    const dead = echo();
    await world.addEndpoint('db-1', dead);
    await new Promise((resolve) => dead.close(resolve));
    await t.rejects(open(world), { code: 'ERR_WAYPOINT_CONNECT_FAILED', retryable: true });
    t.match(world.upstreams.dump(), [{ activeRequests: 0, connections: 0, endpoints: [{ requests: 1 }] }]);
    await world.addEndpoint('db-2', echo());
    for (let round = 0; round < 10; round++) {
      const { stream, workload } = await open(world);
      t.equal(workload.name, 'db-2');
      stream.duplex.destroy();
    }
  });
});

test('streams keep to the limits, and take the place of idle HTTP connections', async (t) => {
  const settings = { limits: { ...limits, maximumConnections: 1, maximumPendingRequests: 0 } };
  await withUpstreams({ protocol: 'tcp', settings }, async (world) => {
    await world.addEndpoint('db-1', echo());
    const { stream } = await open(world);
    await t.rejects(open(world), { code: 'ERR_WAYPOINT_OVERFLOW', reason: 'overflow-connections' });
    t.match(world.upstreams.dump(), [{ activeRequests: 1, connections: 1 }]);
    stream.duplex.destroy();
    while (world.upstreams.dump()[0]?.connections !== 0) await new Promise(setImmediate);
    (await open(world)).stream.duplex.destroy();
  });
});

test('a client that gives up while its stream is opened leaves nothing behind', async (t) => {
  await withUpstreams({ protocol: 'tcp' }, async (world) => {
    await world.addEndpoint('db-1', echo());
    const controller = new AbortController();
    const opening = open(world, controller.signal);
    controller.abort(new Error('gone'));
    await t.rejects(opening);
    t.match(world.upstreams.dump(), [{ activeRequests: 0, connections: 0 }]);
  });
});

function open(world: UpstreamWorld, signal = new AbortController().signal) {
  const { upstreams, settings, service } = world;
  const backend = upstreams.backend({ kind: 'service', service: keyOf(service), port: 80 });
  return openStream({ backend, settings, client, signal }, upstreams.deps);
}

function echo(): Server {
  return createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
}
