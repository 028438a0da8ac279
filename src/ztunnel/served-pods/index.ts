export { createEnrolledPods, type ServedPodsDeps } from './enrolled-pods.ts';
export type { SavedPods, ServedPod, ServedPods } from './served-pods.ts';
