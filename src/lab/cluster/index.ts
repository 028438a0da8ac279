export { type Cluster, createCluster, type MetadataPatch, namespaceOf, notFound } from './cluster.ts';
export { createEventRecorder, type EventRecorder } from './events.ts';
export { type ManifestObject, parseManifests, readManifests } from './manifests.ts';
export { isCaptured, isCapturedByIstio, wantsCapture } from './membership.ts';
export { mirrorObjects } from './object-files.ts';
export { createObjectStore, type ObjectStore, type StoreChange } from './store.ts';
export { SERVICE_CIDRS } from './virtual-addresses.ts';
export { LAB_KIND, numberedNodes, parseLabFile } from './lab-file.ts';
