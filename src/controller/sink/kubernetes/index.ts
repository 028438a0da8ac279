export { createKubernetesSink, type KubernetesSinkOptions } from './kubernetes-sink.ts';
