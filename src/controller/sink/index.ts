export {
  type ControllerSink,
  type ObjectCondition,
  type ObjectConditions,
  type ObjectNotice,
  type PodAnnotations,
  silentSink,
} from './controller-sink.ts';
export { createSinkQueue, type SinkQueue, type SinkQueueOptions } from './sink-queue.ts';
export { createSocketSink } from './socket-sink.ts';
