// Many nodes in one process, which obeys the parent's messages. Several such processes make a fleet.
import { readFileSync, writeFileSync } from 'node:fs';
import { decodeDeltaResponse } from '../../../src/wire/message/delta-response-message.ts';
import { ADDRESS_TYPE, type HeldResource } from '../../../src/xds/index.ts';
import type { NodesOrder, NodesReport } from '../orders.ts';
import { encodeRequest, type SimulatedNode, startSimulatedNode } from './simulated-node.ts';

const [rootsFile = '', recordFile = '', everything = ''] = process.argv.slice(2);
const addressesInAll = Number(everything);

interface Follower {
  readonly node: SimulatedNode;
  addresses: number;
  syncedAtMs: number;
  expected: number;
  reachedAtMs: number;
}

let followers: readonly Follower[] = [];
let reopened = 0;
let bytesBefore = 0;

process.on('message', (order: NodesOrder) => {
  switch (order.kind) {
    case 'connect':
      connect(order);
      break;
    case 'expect':
      bytesBefore = totalBytes();
      for (const follower of followers) {
        follower.expected = follower.addresses + order.addresses;
        follower.reachedAtMs = 0;
      }
      tell({ kind: 'expecting' });
      break;
    case 'disconnect':
      closeAll();
      tell({ kind: 'disconnected' });
      break;
    case 'stop':
      closeAll();
      process.disconnect();
  }
});

function connect(order: NodesOrder & { readonly kind: 'connect' }): void {
  const { first, nodes, port } = order;
  const roots = readFileSync(rootsFile, 'utf8');
  const warm = order.holding === 'everything';
  const firstRequest = warm ? readFileSync(recordFile) : encodeRequest(ADDRESS_TYPE);
  reopened = 0;
  const everybody: Follower[] = [];
  followers = everybody;
  for (let index = first; index < first + nodes; index++) {
    const pieces: Buffer[] = [];
    const follower: Follower = {
      node: startSimulatedNode({
        index,
        port,
        roots,
        firstRequest,
        onAddresses: (count) => {
          follower.addresses += count;
          if (order.record && follower.addresses >= addressesInAll) record(Buffer.concat(pieces));
          noteAddresses(follower, warm);
        },
        onReopened: () => {
          reopened += 1;
          follower.addresses = 0;
        },
        ...(order.record ? { onPiece: (piece: Buffer) => pieces.push(piece) } : {}),
      }),
      addresses: 0,
      syncedAtMs: 0,
      expected: Infinity,
      reachedAtMs: 0,
    };
    everybody.push(follower);
  }
}

function noteAddresses(follower: Follower, warm: boolean): void {
  if (follower.syncedAtMs === 0 && (warm || follower.addresses >= addressesInAll)) {
    follower.syncedAtMs = now();
    const momentsMs = followers.map(({ syncedAtMs }) => syncedAtMs);
    if (!momentsMs.includes(0)) tell({ kind: 'synced', momentsMs, bytes: totalBytes(), reopened });
  }
  if (follower.reachedAtMs === 0 && follower.addresses >= follower.expected) {
    follower.reachedAtMs = now();
    const momentsMs = followers.map(({ reachedAtMs }) => reachedAtMs);
    if (!momentsMs.includes(0)) tell({ kind: 'received', momentsMs, bytes: totalBytes() - bytesBefore });
  }
}

/** Writes the request of a node that holds all that this body told: messages of gRPC, each behind a flag and its length. */
function record(body: Buffer): void {
  const held: HeldResource[] = [];
  for (let at = 0; at < body.length; ) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    const response = decodeDeltaResponse(body.subarray(at + 5, end));
    if (response.typeUrl === ADDRESS_TYPE)
      for (const { name, version } of response.resources) held.push([name, version]);
    at = end;
  }
  writeFileSync(recordFile, encodeRequest(ADDRESS_TYPE, { held }));
}

function closeAll(): void {
  for (const { node } of followers) node.close();
  followers = [];
}

function totalBytes(): number {
  return followers.reduce((sum, { node }) => sum + node.bytes, 0);
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

function tell(report: NodesReport): void {
  process.send?.(report);
}
