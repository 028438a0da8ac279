import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * To be told of every large chunk that was read. Node allocates each outside V8's heap; V8 meets 64 MiB of that with a
 * mark of its whole heap, time and again under bulk load (half of the CPU, measured), although the chunks are all dead
 * and young. A collection of the young generation frees them for a fraction of a millisecond, so one is asked for
 * before V8's limit is reached.
 */
export function releaseYoungBuffers(bytes: number): void {
  allocatedBytes += bytes;
  if (allocatedBytes < ALLOCATION_LIMIT_BYTES) return;
  allocatedBytes = 0;
  collect ??= exposeCollector();
  collect({ type: 'minor' });
}

type Collect = (options: { readonly type: 'minor' }) => void;

/** The way to V8's collector that needs no flag on the command line. */
function exposeCollector(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}

let collect: Collect | undefined;
let allocatedBytes = 0;
/** A quarter of what V8 waits for: the TLS layer allocates as well. */
const ALLOCATION_LIMIT_BYTES = 16 * 1024 * 1024;
