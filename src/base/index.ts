export { closeWhenQueueIsEmpty } from './accept-queue.ts';
export { type Backoff, type BackoffConfig, createBackoff } from './backoff.ts';
export { countBuffersAsHeap } from './buffer-collection.ts';
export { type BufferAccount, type BufferBudget, createBufferBudget } from './buffer-budget.ts';
export type { ByteStream } from './byte-stream.ts';
export { atTime, type Clock, sleep, systemClock, type Timer } from './clock.ts';
export { descriptorLimit } from './descriptor-limit.ts';
export { createDrain, type Drain } from './drain.ts';
export { HandshakeGate } from './handshake-gate.ts';
export { type Closable, type ClosableStack, createClosableStack } from './lifecycle.ts';
export { createLineBudget } from './line-budget.ts';
export { LOG_LEVELS, type LogFields, type Logger, type LogLevel, silentLogger } from './logger.ts';
export {
  type Blame,
  causeOf,
  describeError,
  type ErrorCodeTable,
  errnoOf,
  MeshError,
  type MeshErrorOptions,
} from './mesh-error.ts';
export { RecentFew } from './recent-few.ts';
export { MAX_NESTING, isTooDeep } from './nesting.ts';
export { createSignal, type Signal, type SignalSource } from './signal.ts';
export { releaseYoungBuffers } from './young-buffers.ts';
