export { type ControllerSink, type ObjectNotice, silentSink } from './controller-sink.ts';
export type { ObjectCondition, ObjectStatus } from './object-status.ts';
export { APPLIED, type ManifestMeta, type ObjectManifest } from './object-manifest.ts';
export { createSinkQueue, type SinkQueue } from './sink-queue.ts';
export { createSocketSink } from './socket-sink.ts';
export { createKubernetesSink } from './kubernetes/index.ts';
