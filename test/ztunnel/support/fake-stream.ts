import { Duplex } from 'node:stream';
import type { ByteStream, MeshError } from '../../../src/base/index.ts';
import type { Splice } from '../../../src/proxy/index.ts';

export interface FakeStream extends ByteStream {
  readonly resets: readonly MeshError[];
}

export function fakeStream(): FakeStream {
  const resets: MeshError[] = [];
  const duplex = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  return { duplex, resets, endedCleanly: false, reset: (cause) => void resets.push(cause) };
}

/** Ends at once with these counts, or when it is reset. */
export function fakeSplice(bytes = { aToB: 3, bToA: 7 }, endsAtOnce = true): () => Splice {
  return () => {
    const done = Promise.withResolvers<Awaited<Splice['done']>>();
    if (endsAtOnce) done.resolve({ ok: true });
    return {
      bytesAToB: bytes.aToB,
      bytesBToA: bytes.bToA,
      done: done.promise,
      reset: (error) => done.resolve({ ok: false, error }),
    };
  };
}
