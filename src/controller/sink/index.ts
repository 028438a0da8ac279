export {
  type ControllerSink,
  type ObjectNotice,
  type PodAnnotations,
  silentSink,
} from './controller-sink.ts';
export type { ObjectCondition, ObjectStatus } from './object-status.ts';
export {
  APPLIED,
  type ManifestMeta,
  type ManifestOwner,
  type ObjectManifest,
  type ObjectReference,
} from './object-manifest.ts';
export { createSinkQueue, type SinkQueue, type SinkQueueOptions } from './sink-queue.ts';
export { createSocketSink } from './socket-sink.ts';
export { createKubernetesSink, type KubernetesSinkOptions } from './kubernetes/index.ts';
