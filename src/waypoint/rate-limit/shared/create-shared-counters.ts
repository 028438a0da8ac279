import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { type Clock, type Logger, silentLogger, systemClock } from '../../../base/index.ts';
import type { CounterServer, SharedCounting } from '../../../model/index.ts';
import { type Claim, noteTake, type Settled } from '../claim.ts';
import type { TokenBucket } from '../token-bucket.ts';
import { type CounterClient, createCounterClient } from './counter-client.ts';
import { serverError } from './counter-connection.ts';
import type { SharedCounters } from './shared-counters.ts';

/** How servers are reached, and where their passwords are. */
export interface SharedCountersOptions {
  /** Makes a connection to a server, through the mesh where it is part of it. The taker owns it. */
  connect(server: CounterServer, signal: AbortSignal): Promise<Duplex>;
  /** Where Secrets with passwords are mounted; undefined: nowhere, and limits that need one cannot be checked. */
  readonly credentialsDirectory: string | undefined;
  readonly clock?: Clock | undefined;
  readonly log?: Logger | undefined;
}

/** One client for each server, however many limits count there. */
export function createSharedCounters(options: SharedCountersOptions): SharedCounters {
  const { connect, clock = systemClock, log = silentLogger } = options;
  const clients = new Map<string, CounterClient>();

  async function readPassword(file: string): Promise<string> {
    const directory = options.credentialsDirectory;
    if (directory === undefined) throw serverError('expected a directory of credentials, got none');
    return readFile(join(directory, file), 'utf8');
  }

  return {
    idOf: idOfServer,
    async take(counting, claims, nowMs) {
      const client = clients.get(idOfServer(counting));
      if (client === undefined) return undefined;
      const timeoutMs = Math.min(...claims.map(({ object }) => object.source.shared?.timeoutMs ?? 0));
      const keys = claims.map(bucketName);
      const parameters = claims.flatMap(({ limit }) => [
        inMicroseconds(limit.bucket.costMs),
        inMicroseconds(limit.bucket.depthMs),
      ]);
      let reply: unknown;
      try {
        reply = await client.run(keys, parameters, timeoutMs);
      } catch (error) {
        log.debug('rate limit cannot be checked', { error });
        return undefined;
      }
      const settled = readReply(reply, claims, nowMs);
      if (settled === undefined) log.warn('counting server answers nonsense', { reply });
      for (const { claim, take } of settled ?? []) noteTake(claim, take);
      return settled;
    },
    keepOnly(countings) {
      const wanted = new Map(countings.map((counting) => [idOfServer(counting), counting]));
      for (const [id, client] of clients) {
        if (wanted.has(id)) continue;
        clients.delete(id);
        client.destroy();
      }
      for (const [id, counting] of wanted) {
        if (!clients.has(id))
          clients.set(id, createCounterClient({ counting, connect, readPassword, clock, log }));
      }
    },
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()));
      clients.clear();
    },
    destroy() {
      for (const client of clients.values()) client.destroy();
      clients.clear();
    },
  };
}

function idOfServer({ server, username, passwordFile }: SharedCounting): string {
  return JSON.stringify([server, username, passwordFile]);
}

function bucketName({ object, limit, key }: Claim): string {
  return `nodemesh:rate-limit:${object.policy}:${limit.id}:${key}`;
}

function inMicroseconds(ms: number): string {
  return (ms * 1000).toFixed(3);
}

/** Undefined: not what the script answers. */
function readReply(reply: unknown, claims: readonly Claim[], nowMs: number): readonly Settled[] | undefined {
  if (!Array.isArray(reply) || reply.length !== claims.length + 1) return undefined;
  const [passes, ...times] = reply as readonly unknown[];
  if (!times.every((time): time is number => typeof time === 'number')) return undefined;
  return claims.map((claim, index) => {
    const afterMs = (times[index] ?? 0) / 1000;
    const { bucket } = claim.limit;
    return { claim, take: passes === 1 ? taken(bucket, afterMs, nowMs) : left(bucket, afterMs) };
  });
}

function taken({ costMs, depthMs }: TokenBucket, afterMs: number, nowMs: number): Settled['take'] {
  const remaining = Math.max(0, Math.floor((depthMs - afterMs) / costMs + 0.001));
  return { fullAtMs: nowMs + afterMs, remaining, waitMs: 0, fillMs: afterMs };
}

/** Nothing was taken of any bucket; those that had room have nothing to wait for. */
function left({ costMs, depthMs }: TokenBucket, afterMs: number): Settled['take'] {
  const excessMs = afterMs - depthMs;
  const remaining = Math.max(0, Math.floor((depthMs - afterMs) / costMs + 1.001));
  return {
    fullAtMs: undefined,
    remaining,
    waitMs: excessMs > costMs / 1000 ? excessMs : 0,
    fillMs: afterMs - costMs,
  };
}
