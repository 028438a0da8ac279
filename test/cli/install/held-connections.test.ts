import { type Test, test } from 'tap';
import { createApiClient } from '../../../src/cli/api/index.ts';
import { heldConnections, heldText } from '../../../src/cli/install/upgrade/held-connections.ts';
import type { RunningMesh } from '../../../src/cli/running-mesh/index.ts';
import { createNodeFacts } from '../../../src/ztunnel/observation/node-facts.ts';
import { someFacts, startApi } from '../../telemetry/api/api-fixture.ts';

const HOUR_MS = 3_600_000;

/** Nodes by name, each with the ages of what its pods hold; undefined: it does not answer. */
type Nodes = Readonly<Record<string, Readonly<Record<string, readonly number[]>> | undefined>>;

/** The API of a node as its ztunnel serves it, over what its pods hold. */
async function meshOf(t: Test, nodes: Nodes): Promise<Pick<RunningMesh, 'nodes' | 'api'>> {
  const urls = new Map<string, URL>();
  for (const [node, held] of Object.entries(nodes)) {
    if (held === undefined) continue;
    const { connections } = createNodeFacts({
      pods: () =>
        Object.entries(held).map(([pod, ages]) => ({ connections: ages.map((ageMs) => live(pod, ageMs)) })),
      clock: { now: () => Date.now() },
    } as unknown as Parameters<typeof createNodeFacts>[0]);
    const { url } = await startApi(t, { facts: { ...someFacts(), connections } });
    urls.set(node, new URL(url));
  }
  return {
    nodes: async () => Object.keys(nodes),
    api: async (node = '') =>
      createApiClient({ url: urls.get(node) ?? new URL('http://127.0.0.1:9/'), token: undefined }),
  };
}

function live(pod: string, ageMs: number): object {
  const [namespace, name] = pod.split('/');
  const source = { address: '10.8.0.1', port: 4_000 };
  return {
    direction: 'inbound',
    record: {
      id: `${pod} ${ageMs}`,
      ageMs,
      bytes: () => ({ bytesSent: 0, bytesReceived: 0 }),
      details: { direction: 'inbound', source, destinationWorkload: { namespace, name } },
    },
  };
}

test('who would be cut is told by node and pod: what is older than the bound, and how old', async (t) => {
  const mesh = await meshOf(t, {
    'node-1': { 'shop/cart': [1_000, 2_000], 'shop/payments': [2 * HOUR_MS, 26 * HOUR_MS, 1_000] },
    'node-2': { 'jobs/importer': [HOUR_MS + 1_000] },
    'node-3': undefined,
  });
  const held = await heldConnections(mesh, HOUR_MS);
  t.match(held, { open: 6, old: 3, answered: 2, silent: [{ node: 'node-3' }] });
  t.same(
    held.pods.map(({ node, pod, count }) => [node, pod, count]),
    [
      ['node-1', 'shop/payments', 2],
      ['node-2', 'jobs/importer', 1],
    ],
  );
  const text = heldText(held);
  t.match(text, /^Of 6 connections that are open on 2 nodes these 3 have lived for longer than 60m/);
  t.match(text, /node-1 +shop\/payments +2 +26h\nnode-2 +jobs\/importer +1 +60m\n/);
  t.match(text, /Not known is what node node-3 holds: no answer from http/);
});

test('where nothing is that old, and where nobody answers, that is said', async (t) => {
  const young = await heldConnections(await meshOf(t, { 'node-1': { 'shop/cart': [1_000] } }), HOUR_MS);
  t.equal(heldText(young), 'Of 1 connections that are open on 1 node none has lived for longer than 60m.\n');
  const silent = heldText(await heldConnections(await meshOf(t, { 'node-1': undefined }), HOUR_MS));
  t.match(silent, /on 0 nodes none has/);
  t.match(silent, /Not known is what node node-1 holds/);
});
