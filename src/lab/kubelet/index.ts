export { isCaptured, isCapturedByIstio, wantsCapture } from './capture.ts';
export {
  type BuiltInImages,
  type ContainerCommand,
  type ContainerRefusal,
  containerCommand,
  imageName,
} from './container-command.ts';
export { type ExecOptions, type Kubelet, startKubelet } from './kubelet.ts';
export { type KubeletContext, type KubeletNode, logFileName } from './pod-context.ts';
export { type PodProgress, podStatus } from './pod-status.ts';
