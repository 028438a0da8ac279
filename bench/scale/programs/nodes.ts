// Any number of nodes in one process: each a connection of its own that follows what a ztunnel follows and acknowledges it, but keeps
// nothing of it. It obeys the parent's messages.
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { readFileSync } from 'node:fs';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { encodeDeltaRequest } from '../../../src/wire/message/delta-request-message.ts';
import { decodeDeltaResponse } from '../../../src/wire/message/delta-response-message.ts';
import {
  ADDRESS_TYPE,
  AUTHORIZATION_TYPE,
  ENROLMENT_POD_TYPE,
  TRUST_BUNDLE_TYPE,
} from '../../../src/xds/index.ts';
import { nodeName } from '../mesh-objects.ts';
import type { NodesOrder, NodesReport } from '../orders.ts';

const [rootsFile = '', everything = ''] = process.argv.slice(2);
const METHOD = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';
const OTHERS = [AUTHORIZATION_TYPE, ENROLMENT_POD_TYPE, TRUST_BUNDLE_TYPE];
const addressesInAll = Number(everything);
/** About as a ztunnel waits before it calls again. */
const BACKOFF_MS = 1_000;

interface SimulatedNode {
  readonly client: Client;
  addresses: number;
  bytes: number;
  syncedAtMs: number;
  expected: number;
  reachedAtMs: number;
}

let nodes: SimulatedNode[] = [];
/** Name and version of every address, taken down by one node for all of them. */
const held = new Map<string, string>();
let warmRequest: Buffer | undefined;
/** Streams that were opened again. */
let attempts = 0;
let orderedAtMs = 0;
let bytesBefore = 0;

process.on('message', (order: NodesOrder) => {
  switch (order.kind) {
    case 'connect':
      orderedAtMs = now();
      attempts = 0;
      if (order.warm) warmRequest ??= firstRequest(ADDRESS_TYPE, held);
      nodes = Array.from({ length: order.nodes }, (_, index) => connect(index, order));
      break;
    case 'expect':
      bytesBefore = totalBytes();
      for (const node of nodes) {
        node.expected = node.addresses + order.addresses;
        node.reachedAtMs = 0;
      }
      tell({ kind: 'expecting' });
      break;
    case 'disconnect':
      for (const { client } of nodes) client.close();
      nodes = [];
      tell({ kind: 'disconnected' });
      break;
    case 'stop':
      for (const { client } of nodes) client.close();
      process.disconnect();
  }
});

function connect(index: number, order: NodesOrder & { readonly kind: 'connect' }): SimulatedNode {
  const client = new Client(`127.0.0.1:${order.port}`, credentials.createSsl(readFileSync(rootsFile)), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': 200 * 1024 * 1024,
  });
  const node: SimulatedNode = {
    client,
    addresses: 0,
    bytes: 0,
    syncedAtMs: 0,
    expected: Infinity,
    reachedAtMs: 0,
  };
  follow(node, index, order);
  return node;
}

/** One stream, and another one when it breaks, as long as the node is there: a controller that has no room says so. */
function follow(node: SimulatedNode, index: number, order: NodesOrder & { readonly kind: 'connect' }): void {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${nodeName(index)}`);
  const asBytes = (bytes: Buffer): Buffer => bytes;
  const call = node.client.makeBidiStreamRequest<Buffer, Buffer>(METHOD, asBytes, asBytes, metadata);
  node.addresses = 0;
  call.on('error', () => {
    setTimeout(
      () => {
        if (!nodes.includes(node)) return;
        attempts += 1;
        follow(node, index, order);
      },
      BACKOFF_MS * (0.5 + Math.random()),
    );
  });
  call.on('data', (bytes: Buffer) => {
    const { typeUrl, nonce, resources } = skim(bytes);
    node.bytes += bytes.length;
    if (typeUrl === ADDRESS_TYPE) {
      node.addresses += resources;
      if (index === 0 && !order.warm) takeDown(bytes);
      if (node.syncedAtMs === 0 && (order.warm || node.addresses >= addressesInAll)) {
        node.syncedAtMs = now();
        // Thousands of megabytes of garbage would be the bench's own.
        globalThis.gc?.();
        reportSync();
      }
      if (node.reachedAtMs === 0 && node.addresses >= node.expected) {
        node.reachedAtMs = now();
        reportArrival();
      }
    }
    call.write(acknowledgement(typeUrl, nonce));
  });
  call.write(order.warm && warmRequest !== undefined ? warmRequest : firstRequest(ADDRESS_TYPE, new Map()));
  for (const typeUrl of OTHERS) call.write(firstRequest(typeUrl, new Map()));
}

/** The head of a response without its resources, which are counted only. */
function skim(bytes: Buffer): {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly resources: number;
} {
  const reader = new BinaryReader(bytes);
  let resources = 0;
  let typeUrl = '';
  let nonce = '';
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 4) typeUrl = reader.string();
    else if (field === 5) nonce = reader.string();
    else {
      if (field === 2) resources += 1;
      reader.skip(type === undefined ? WireType.LengthDelimited : type, field);
    }
  }
  return { typeUrl, nonce, resources };
}

function takeDown(bytes: Buffer): void {
  for (const { name, version } of decodeDeltaResponse(bytes).resources) held.set(name, version);
}

function reportSync(): void {
  if (nodes.some(({ syncedAtMs }) => syncedAtMs === 0)) return;
  const moments = nodes.map(({ syncedAtMs }) => syncedAtMs).sort((a, b) => a - b);
  tell({
    kind: 'synced',
    firstMs: (moments[0] ?? 0) - orderedAtMs,
    lastMs: (moments.at(-1) ?? 0) - orderedAtMs,
    bytesPerNode: totalBytes() / nodes.length,
    reopened: attempts,
  });
}

function reportArrival(): void {
  if (nodes.some(({ reachedAtMs }) => reachedAtMs === 0)) return;
  const moments = nodes.map(({ reachedAtMs }) => reachedAtMs).sort((a, b) => a - b);
  tell({
    kind: 'received',
    firstAtMs: moments[0] ?? 0,
    medianAtMs: moments[Math.floor(moments.length / 2)] ?? 0,
    lastAtMs: moments.at(-1) ?? 0,
    bytesPerNode: (totalBytes() - bytesBefore) / nodes.length,
  });
}

function firstRequest(typeUrl: string, initialVersions: ReadonlyMap<string, string>): Buffer {
  return encodeDeltaRequest({
    node: { id: 'ztunnel~127.0.0.1~ztunnel.nodemesh-system~nodemesh-system.svc.cluster.local', metadata: {} },
    typeUrl,
    subscribe: [],
    unsubscribe: [],
    initialVersions,
    responseNonce: '',
    rejection: undefined,
  });
}

function acknowledgement(typeUrl: string, nonce: string): Buffer {
  return encodeDeltaRequest({
    node: undefined,
    typeUrl,
    subscribe: [],
    unsubscribe: [],
    initialVersions: new Map(),
    responseNonce: nonce,
    rejection: undefined,
  });
}

function totalBytes(): number {
  return nodes.reduce((sum, { bytes }) => sum + bytes, 0);
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

function tell(report: NodesReport): void {
  process.send?.(report);
}
