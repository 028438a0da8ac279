import type { ChildProcess, StdioOptions } from 'node:child_process';
import { describeError } from '../../base/index.ts';
import { isFinished, type PodObject } from '../cluster/objects/index.ts';
import { LabError } from '../errors.ts';
import { containerCommand } from './container-command.ts';
import type { KubeletContext, KubeletNode } from './pod-context.ts';
import { spawnInPod } from './pod-process.ts';
import { type PodWorker, startPodWorker } from './pod-worker.ts';

/** What is run in which container. */
export interface ExecOptions {
  readonly namespace: string;
  readonly pod: string;
  /** The first container when empty. */
  readonly container: string;
  readonly command: readonly string[];
  readonly stdio: StdioOptions;
}

/** Runs the pods that were given to the lab's nodes. */
export interface Kubelet {
  /** Starts a program in a running container's surroundings. Throws LabError. */
  exec(options: ExecOptions): ChildProcess;
  /** Kills every process at once; resolves when all have ended. */
  close(): Promise<void>;
}

/** Follows the store from now on; pods of nodes that are not among `nodes` are nobody's. */
export function startKubelet(context: KubeletContext, nodes: readonly KubeletNode[]): Kubelet {
  const { store } = context.cluster;
  const workers = new Map<string, PodWorker>();
  let open = true;

  const look = (pod: PodObject): void => {
    const { uid, namespace, name, deletionTimestamp } = pod.metadata;
    const worker = workers.get(uid);
    if (worker !== undefined) {
      worker.podChanged();
      return;
    }
    if (deletionTimestamp !== undefined) {
      store.remove('Pod', namespace, name);
      return;
    }
    const node = nodes.find((candidate) => candidate.name === pod.spec.nodeName);
    if (!open || node === undefined || isFinished(pod) || !isScheduled(pod)) return;
    const started = startPodWorker(context, node, pod);
    workers.set(uid, started);
    started.ended
      .catch((error: unknown) =>
        context.log.error('pod worker failed', { pod: name, error: describeError(error) }),
      )
      .finally(() => {
        workers.delete(uid);
        const current = store.get('Pod', namespace, name);
        if (current?.metadata.uid === uid && current.metadata.deletionTimestamp !== undefined)
          store.remove('Pod', namespace, name);
      });
  };

  const unsubscribe = store.changes.subscribe(({ type, object }) => {
    if (type !== 'put' || object.kind !== 'Pod') return;
    const { namespace, name } = object.metadata;
    // Not inside the change itself: a worker writes to the store.
    setImmediate(() => {
      const pod = store.get('Pod', namespace, name);
      if (pod !== undefined) look(pod);
    });
  });

  return {
    exec({ namespace, pod: name, container: wanted, command, stdio }) {
      const pod = store.get('Pod', namespace, name);
      if (pod === undefined) throw missing(`no pod ${name} in namespace ${namespace}`);
      const worker = workers.get(pod.metadata.uid);
      const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
      const container =
        wanted === '' ? containers[0] : containers.find((candidate) => candidate.name === wanted);
      if (container === undefined)
        throw missing(
          `pod ${name} has no container ${wanted}, only ${containers.map((c) => c.name).join(', ')}`,
        );
      const running = worker?.container(container.name);
      if (worker === undefined || running?.status.state.running === undefined)
        throw missing(`container ${container.name} of pod ${name} is not running`);
      const { images, baseEnvironment } = context;
      const own = containerCommand({
        pod,
        container,
        images,
        baseEnvironment,
        mounts: running.mounts,
      });
      if ('refused' in own) throw missing(own.message);
      return spawnInPod(worker.place, { ...own, argv: command }, stdio);
    },
    async close() {
      open = false;
      unsubscribe();
      const all = [...workers.values()];
      for (const worker of all) worker.kill();
      await Promise.all(all.map(({ ended }) => ended));
    },
  };
}

function isScheduled({ status }: PodObject): boolean {
  return (
    status?.conditions?.some(
      (condition) => condition.type === 'PodScheduled' && condition.status === 'True',
    ) ?? false
  );
}

function missing(message: string): LabError {
  return new LabError({ code: 'ERR_LAB_NOT_FOUND', blame: 'downstream', message });
}
