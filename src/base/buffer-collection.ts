import { setFlagsFromString } from 'node:v8';

/**
 * For a process with a big heap that sends big buffers: V8 otherwise marks its whole heap for every 64 MiB that Node
 * allocates outside of it, however large the heap is. With a mesh of 100,000 pods in it that is a second of CPU for every
 * proxy that starts, more than all else that it costs. From now on buffers count like objects: the next mark comes when both
 * together have grown by V8's usual factor. Costs memory: as much as the garbage that waits meanwhile.
 */
export function countBuffersAsHeap(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
}
