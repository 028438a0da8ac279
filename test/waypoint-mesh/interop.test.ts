import { after, before, test } from 'tap';
import { startWaypointWorld, type WaypointWorld } from './support/waypoint-world.ts';

let world: WaypointWorld;
before(async () => {
  world = await startWaypointWorld({ name: 'harness-interop' });
});
after(() => world.lab.down());

test('gRPC with @grpc/grpc-js at both ends', { timeout: 300_000 }, (t) =>
  world.check(t, 'interop/grpc-client.ts', world.host, '7070'),
);

test('WebSocket with ws at both ends', { timeout: 300_000 }, (t) =>
  world.check(t, 'interop/websocket-client.ts', world.host, '80'),
);

for (const [port, title] of [
  ['80', 'at a port that says http'],
  ['82', 'at a port that says nothing'],
] as const) {
  test(`HTTP/1 in all its forms, ${title}`, { timeout: 300_000 }, (t) =>
    world.check(t, 'interop/http-client.ts', world.host, port),
  );
}

for (const [port, title] of [
  ['81', 'a backend that speaks it too'],
  ['80', 'a backend that speaks HTTP/1.1'],
] as const) {
  test(`HTTP/2 with prior knowledge, to ${title}`, { timeout: 300_000 }, (t) =>
    world.check(t, 'interop/http2-client.ts', world.host, port),
  );
}

test('TCP and TLS pass through', { timeout: 300_000 }, (t) =>
  world.check(t, 'interop/stream-client.ts', world.host),
);
