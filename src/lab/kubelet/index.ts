export { type BuiltInImages, containerCommand, imageName } from './container-command.ts';
export { type Kubelet, startKubelet } from './kubelet.ts';
export { logFileName } from './pod-context.ts';
