export {
  createPodAccess,
  type PodAccess,
  type PodAccessOptions,
  type PodLogRequest,
  type PodPort,
} from './pod-access.ts';
