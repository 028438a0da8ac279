export { type Mount, planMounts } from './mounts.ts';
export { openPodVolumes, type PodVolumes } from './pod-volumes.ts';
export { volumeContent } from './volume-content.ts';
