import { once } from 'node:events';
import net from 'node:net';
import fc from 'fast-check';
import { test } from 'tap';
import { parseIpAddress } from '../../src/model/index.ts';
import { CLIENT_PREFACE, encodeSettings } from '../../src/http/http2/frame/index.ts';
import {
  formatBaggage,
  formatForwarded,
  formatTunnelAuthority,
  parseAuthority,
  parseBaggage,
  parseForwarded,
  TunnelError,
} from '../../src/tunnel-protocol/index.ts';
import { formatTraceparent, parseTraceparent } from '../../src/telemetry/index.ts';
import { ownHttp2 } from '../tunnel-protocol/support/implementations.ts';
import { readAll, until, withMesh } from '../tunnel-protocol/support/tunnel-pair.ts';

const bytes = fc.uint8Array({ maxLength: 600 }).map((array) => Buffer.from(array));

/** Runs `work`; only a TunnelError may come out of it. */
function onlyTunnelErrors(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (error instanceof TunnelError) return false;
    throw error;
  }
}

/** Text made of what heads are made of, so that more of it nearly parses. */
const headText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc
    .array(fc.constantFrom(...'[]:.,;="\\%-0159afz /', '::1', 'for=', 'host=', '10.0.0.1', 'k8s.pod.name'), {
      maxLength: 20,
    })
    .map((parts) => parts.join('')),
);

test('an authority parses to what it formats to, or is refused', async () => {
  fc.assert(
    fc.property(headText, (text) => {
      onlyTunnelErrors(() => {
        const parsed = parseAuthority(text);
        const again = parseAuthority(formatTunnelAuthority(parsed));
        if (JSON.stringify(again) !== JSON.stringify(parsed)) throw new Error(`unstable: ${text}`);
      });
    }),
    { numRuns: 5_000 },
  );
});

test('headers of others never throw', async () => {
  fc.assert(
    fc.property(headText, (text) => {
      parseBaggage(text);
      parseForwarded(text);
      parseTraceparent(text);
    }),
    { numRuns: 5_000 },
  );
});

test('what we write is read back as it was', async (t) => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(
      text,
      text,
      fc.integer({ min: 1, max: 65_535 }),
      fc.ipV6(),
      (namespace, version, port, ip) => {
        const baggage = { namespace: namespace.toWellFormed(), version: version.toWellFormed() };
        const read = parseBaggage(formatBaggage(baggage));
        if (read.namespace !== baggage.namespace || read.version !== baggage.version)
          throw new Error('baggage');
        const client = { address: parseIpAddress(ip), port };
        const forwarded = parseForwarded(formatForwarded({ client, host: 'a"\\b' }));
        if (forwarded.client?.address !== client.address || forwarded.host !== 'a"\\b')
          throw new Error('forwarded');
      },
    ),
    { numRuns: 3_000 },
  );
  const trace = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), sampled: true, random: true };
  t.same(parseTraceparent(formatTraceparent(trace)), trace);
});

test('garbage on the port, raw or inside TLS, ends its connection and nothing else', async (t) => {
  await withMesh(ownHttp2, { config: { handshakeTimeoutMs: 500 } }, async (mesh) => {
    const session = await mesh.session();
    const samples = fc.sample(bytes, 300);
    await inBatches(samples.slice(0, 240), async (garbage) => {
      const raw = net.connect(mesh.port, '127.0.0.1');
      raw.on('error', () => undefined);
      raw.end(garbage);
      await once(raw.resume(), 'close');
    });
    await inBatches(samples.slice(240), async (garbage) => {
      const socket = await mesh.dial();
      socket.end(Buffer.concat([CLIENT_PREFACE, encodeSettings([]), garbage]));
      await once(socket.resume(), 'close');
    });
    const { stream } = await session.open({ authority: '10.0.0.1:80' });
    stream.duplex.end('alive');
    t.equal(String(await readAll(stream.duplex)), 'alive');
    await until(() => mesh.server.sessions === 1, 'only the good session is left');
  });
});

async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  for (let index = 0; index < items.length; index += 20)
    await Promise.all(items.slice(index, index + 20).map(work));
}
