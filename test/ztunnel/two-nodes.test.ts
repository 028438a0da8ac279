import type { Socket } from 'node:net';
import { type Test, test } from 'tap';
import { policyKey } from '../../src/model/index.ts';
import { makeService, policyOf, serving, vip } from '../model/mesh-fixtures.ts';
import { enterSandbox } from '../support/netns.ts';
import { dialFrom, exchange, readAll, servePod } from './support/programs.ts';
import { createTwoNodes, type TwoNodes } from './support/two-nodes.ts';
import { tapWire } from './support/wiretap.ts';

if (await enterSandbox(import.meta.filename, { alsoAsUser: true })) {
  test(
    'a pod reaches another through the mesh, unreadable on the wire, and is seen with its own address',
    withTwo(async (t, { mesh, client, server }) => {
      const echo = await servePod(server.pod, 8080, answerWithOrigin);
      for (const family of ['v4', 'v6'] as const) {
        const wire = tapWire(mesh.topology.nodes[0]);
        const target = { address: server.pod[family], port: 8080 };
        const answer = await exchange(client.pod, target, 'a readable secret');
        const origin = family === 'v4' ? `::ffff:${client.pod.v4}` : client.pod.v6;
        t.same(answer, { text: `a readable secret from ${origin}`, how: 'end' });
        const seen = await wire.stop();
        t.ok(seen.length > 1_000, 'something crossed the wire');
        t.notOk(seen.includes('readable'), `nothing readable did (${family})`);
      }
      const [entry] = mesh.journal.filter(
        ({ event, details }) => event === 'closed' && details?.direction === 'inbound',
      );
      t.equal(entry?.details?.sourceIdentity?.id, 'spiffe://cluster.local/ns/shop/sa/client');
      t.equal(entry?.details?.sourceWorkload?.name, 'client');
      t.equal(entry?.end?.bytesReceived, 'a readable secret'.length);
      t.equal(entry?.end?.error, undefined);
      await echo.close();
    }),
  );

  test(
    'a server that speaks first, and half-closes on either side, work',
    withTwo(async (t, { mesh, client, server }) => {
      const greeter = await servePod(server.pod, 25, (socket) => {
        socket.write('220 ready\r\n');
        socket.on('data', (data) => socket.write(`got ${data}`));
        socket.on('end', () => socket.end('bye'));
      });
      const smtp = await dialFrom(client.pod, server.pod.v4, 25);
      const conversation = readAll(smtp);
      await mesh.until('greeting', () => smtp.bytesRead > 0);
      smtp.end('HELO');
      t.same(await conversation, { text: '220 ready\r\ngot HELObye', how: 'end' });

      const early = await servePod(server.pod, 26, (socket) => {
        // Ends its own half at once and goes on reading.
        socket.end('that is all from me');
        let received = 0;
        socket.on('data', (data) => {
          received += data.length;
        });
        socket.on('end', () => mesh.journal.push({ node: `received ${received}`, event: 'opened' }));
      });
      const upload = await dialFrom(client.pod, server.pod.v4, 26);
      t.same(await readAll(upload), { text: 'that is all from me', how: 'end' });
      upload.end(Buffer.alloc(300_000));
      await mesh.until('upload after the other half ended', () =>
        mesh.journal.some(({ node }) => node === 'received 300000'),
      );
      await Promise.all([greeter.close(), early.close()]);
    }),
  );

  test(
    'a reset on one side is a reset on the other, both ways',
    withTwo(async (t, { mesh, client, server }) => {
      const accepted: Socket[] = [];
      const stay = await servePod(server.pod, 8080, (socket) => {
        accepted.push(socket);
        socket.write('hello');
        socket.resume();
      });
      const first = await dialFrom(client.pod, server.pod.v4, 8080);
      const seenByClient = readAll(first);
      await mesh.until('open', () => first.bytesRead === 5);
      accepted[0]?.resetAndDestroy();
      t.same(await seenByClient, { text: 'hello', how: 'reset' });

      const second = await dialFrom(client.pod, server.pod.v4, 8080);
      second.on('error', () => undefined);
      second.resume();
      await mesh.until('open again', () => accepted.length === 2 && second.bytesRead === 5);
      const seenByServer = accepted[1] === undefined ? undefined : readAll(accepted[1]);
      second.resetAndDestroy();
      t.same(await seenByServer, { text: '', how: 'reset' });
      await stay.close();
    }),
  );

  test(
    'a policy refuses with its name, and cuts what is open when it changes',
    withTwo(async (t, { mesh, client, server }) => {
      const stay = await servePod(server.pod, 8080, (socket) => {
        socket.write('hello');
        socket.resume();
      });
      const open = await dialFrom(client.pod, server.pod.v4, 8080);
      const seen = readAll(open);
      await mesh.until('open', () => open.bytesRead === 5);
      const deny = policyOf(
        { name: 'nobody-from-client' },
        { serviceAccounts: [{ namespace: 'shop', serviceAccount: 'client' }] },
      );
      await mesh.controller.acknowledged(mesh.controller.setPolicy(deny));
      t.same(await seen, { text: 'hello', how: 'reset' }, 'the open connection is cut');
      const refused = await exchange(client.pod, { address: server.pod.v4, port: 8080 }, 'again');
      t.same(refused, { text: '', how: 'reset' }, 'a new one is refused');
      const records = mesh.journal.filter(({ details }) => details?.direction === 'inbound');
      t.match(
        records.find(({ event }) => event === 'closed')?.end?.error?.message,
        /shop\/nobody-from-client/,
      );
      t.match(
        records.find(({ event }) => event === 'failed')?.end?.error?.message,
        /shop\/nobody-from-client/,
      );
      await mesh.controller.acknowledged(
        mesh.controller.removePolicy(policyKey('shop', 'nobody-from-client')),
      );
      const later = await dialFrom(client.pod, server.pod.v4, 8080);
      await mesh.until('allowed again', () => {
        later.resume();
        return later.bytesRead === 5;
      });
      later.destroy();
      await stay.close();
    }),
  );

  test(
    'plaintext from outside reaches a permissive pod with its own address, and a strict one not',
    withTwo(async (t, { mesh, server }) => {
      const outside = mesh.addPod(mesh.topology.nodes[0], 'outside');
      const echo = await servePod(server.pod, 8080, answerWithOrigin);
      const target = { address: server.pod.v4, port: 8080 };
      const answer = await exchange(outside.pod, target, 'plain');
      t.same(answer, { text: `plain from ::ffff:${outside.pod.v4}`, how: 'end' });
      const strict = policyOf({ name: 'strict' }, { notPrincipals: [{ kind: 'presence' }] });
      await mesh.controller.acknowledged(mesh.controller.setPolicy(strict));
      t.same(await exchange(outside.pod, target, 'plain'), { text: '', how: 'reset' });
      t.match(mesh.journal.at(-1)?.end?.error?.message, /shop\/strict.*no identity/);
      await echo.close();
    }),
  );

  test(
    'what is outside the mesh is reached in the clear',
    withTwo(async (t, { mesh, client }) => {
      const outside = mesh.addPod(mesh.topology.nodes[1], 'outside');
      const echo = await servePod(outside.pod, 8080, answerWithOrigin);
      const answer = await exchange(client.pod, { address: outside.pod.v4, port: 8080 }, 'hi');
      t.same(answer, { text: `hi from ::ffff:${client.pod.v4}`, how: 'end' });
      const nobody = await exchange(client.pod, { address: outside.pod.v4, port: 9 }, 'hi');
      t.equal(nobody.how, 'reset', 'a refused connection is a reset, never an empty answer');
      await echo.close();
    }),
  );

  test(
    'a service is reached by its address, on another endpoint when one refuses',
    withTwo(async (t, { mesh, client, server }) => {
      const dead = mesh.addPod(mesh.topology.nodes[1], 'dead');
      await mesh.enrol(dead);
      const service = makeService({ name: 'web', addresses: [vip('10.96.0.10')] });
      mesh.controller.setService(service);
      mesh.controller.setWorkload({ ...serving(dead.workload, service), tunnelProtocol: 'hbone' });
      const last = mesh.controller.setWorkload({
        ...serving(server.workload, service),
        tunnelProtocol: 'hbone',
      });
      await mesh.controller.acknowledged(last);
      const echo = await servePod(server.pod, 8080, answerWithOrigin);
      for (let attempt = 0; attempt < 10; attempt++) {
        const answer = await exchange(client.pod, { address: '10.96.0.10', port: 80 }, 'hi');
        t.same(answer, { text: `hi from ::ffff:${client.pod.v4}`, how: 'end' });
      }
      const wrongPort = await exchange(client.pod, { address: '10.96.0.10', port: 81 }, 'hi');
      t.equal(wrongPort.how, 'reset', 'a port that the service has not is refused');
      await echo.close();
    }),
  );

  test(
    'a pod may call itself through its own service',
    withTwo(async (t, { mesh, server }) => {
      const service = makeService({ name: 'web', addresses: [vip('10.96.0.10')] });
      mesh.controller.setService(service);
      await mesh.controller.acknowledged(
        mesh.controller.setWorkload({ ...serving(server.workload, service), tunnelProtocol: 'hbone' }),
      );
      const echo = await servePod(server.pod, 8080, answerWithOrigin);
      const answer = await exchange(server.pod, { address: '10.96.0.10', port: 80 }, 'me');
      t.same(answer, { text: `me from ::ffff:${server.pod.v4}`, how: 'end' });
      await echo.close();
    }),
  );

  test(
    "the mesh's own ports refuse whoever dials them directly",
    withTwo(async (t, { client, server }) => {
      for (const port of [15001, 15006, 15008]) {
        const own = await exchange(client.pod, { address: client.pod.v4, port }, 'x');
        t.equal(own.text, '', `own ${port}`);
        const other = await exchange(client.pod, { address: server.pod.v4, port }, 'x');
        t.equal(other.how, 'reset', `other ${port}`);
      }
    }),
  );

  test(
    'unenrolling leaves tunnelled connections alive and the pod as it was found',
    withTwo(async (t, { mesh, client, server }) => {
      const stay = await servePod(server.pod, 8080, (socket) => {
        socket.on('data', (data) => socket.write(data));
        socket.on('end', () => socket.end());
      });
      const open = await dialFrom(client.pod, server.pod.v4, 8080);
      const seen = readAll(open);
      open.write('before ');
      await mesh.until('echo', () => open.bytesRead === 7);
      mesh.controller.unenrol(server.workload.uid);
      await mesh.until('leaving', () => mesh.controller.reports.some(({ state }) => state === 'leaving'));
      await new Promise((resolve) => setTimeout(resolve, 300));
      const plain = await exchange(client.pod, { address: server.pod.v4, port: 8080 }, 'now plain');
      t.same(plain, { text: 'now plain', how: 'end' });
      open.end('after');
      t.same(await seen, { text: 'before after', how: 'end' });
      await mesh.until(
        'released',
        () => mesh.controller.reports.some(({ state }) => state === 'released'),
        10_000,
      );
      t.notMatch(server.pod.netns.run('iptables-save'), /ISTIO|REDIRECT/);
      await stay.close();
    }),
  );

  test(
    'a pod that is deleted by force sends nothing in clear text while it still runs',
    withTwo(async (t, { mesh, client, server }) => {
      const { uid } = client.workload;
      mesh.controller.setMembership({ kind: 'namespace', namespace: 'shop', joins: true });
      const echo = await servePod(server.pod, 8080, answerWithOrigin);
      const target = { address: server.pod.v4, port: 8080 };
      t.equal((await exchange(client.pod, target, 'in the mesh')).how, 'end');
      const wire = tapWire(mesh.topology.nodes[0]);
      // The second message first, as it may come.
      mesh.controller.unenrol(uid);
      await mesh.controller.acknowledged(mesh.controller.removeWorkload(uid));
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      const answer = await exchange(client.pod, target, 'a readable secret');
      t.same(answer, { text: '', how: 'reset' });
      t.notOk((await wire.stop()).includes('readable'), 'nothing readable crossed the wire');
      t.match(client.pod.netns.run('iptables-save'), /REDIRECT/);
      await echo.close();
    }),
  );
}

interface Two {
  readonly mesh: TwoNodes;
  readonly client: ReturnType<TwoNodes['addPod']>;
  readonly server: ReturnType<TwoNodes['addPod']>;
}

/** A test with a mesh of two nodes and one enrolled pod on each. */
function withTwo(body: (t: Test, two: Two) => Promise<void>): (t: Test) => Promise<void> {
  return async (t) => {
    const mesh = await createTwoNodes();
    try {
      const [one, two] = mesh.topology.nodes;
      const client = mesh.addPod(one, 'client');
      const server = mesh.addPod(two, 'server');
      await mesh.startProxy(one);
      await mesh.startProxy(two);
      await Promise.all([mesh.enrol(client), mesh.enrol(server)]);
      await body(t, { mesh, client, server });
    } finally {
      await mesh.close();
    }
  };
}

/** Echoes, and says at the end where the connection came from. */
function answerWithOrigin(socket: Socket): void {
  socket.on('data', (data) => socket.write(data));
  socket.on('end', () => socket.end(` from ${socket.remoteAddress}`));
}
