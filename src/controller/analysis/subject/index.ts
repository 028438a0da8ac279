export { type AnalysedObject, nameOf, type Place, readAnalysedObject } from './analysed-object.ts';
export { type AnalysedMesh, type AnalysisSettings, createAnalysedMesh } from './analysed-mesh.ts';
export { enrolmentOf, hasSidecar, holderOf, isWaypointPod } from './enrolled.ts';
export type { Workload } from './workloads.ts';
export { exportedTo, exportsMeet, fullHost, hostsOverlap, isVisibleTo } from './hosts.ts';
export { type HostOwner, indexHosts } from './host-index.ts';
export { formatSelector, hasTargetRefs, policySelector } from './selector.ts';
export { createOverlapIndex, type OverlapIndex } from './overlap-index.ts';
