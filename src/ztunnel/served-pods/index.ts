export { createEnrolledPods, type ServedPodsDeps } from './enrolled-pods.ts';
export type { SavedPods, ServedPods } from './served-pods.ts';
