// Long, but one thing: the life of one pod, from its network to its removal.
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createBackoff, describeError } from '../../base/index.ts';
import { isCaptured, wantsCapture } from '../cluster/index.ts';
import type { ContainerStatus, PodObject } from '../cluster/objects/index.ts';
import { LabError } from '../errors.ts';
import type { PodAddresses } from '../network/index.ts';
import { hostnameOf } from './container-command.ts';
import { type ContainerWorker, startContainer } from './container-worker.ts';
import type { KubeletContext, KubeletNode, PodRuntime } from './pod-context.ts';
import { subjectOf, withNetwork, writePodFiles } from './pod-beginnings.ts';
import type { PodPlace } from './pod-process.ts';
import { podStatus } from './pod-status.ts';
import { openPodVolumes, type PodVolumes } from './volumes/index.ts';

/** One pod on its node, from its network to its removal. */
export interface PodWorker {
  readonly place: PodPlace;
  container(name: string): ContainerWorker | undefined;
  /** The pod object has changed: it may be ending, or captured. */
  podChanged(): void;
  /** Ends everything at once, without grace. */
  kill(): void;
  /** Resolves when nothing of the pod is left but its object. */
  readonly ended: Promise<void>;
}

/** A pod that labels put into the mesh is not started before it is captured; each try waits this long. */
const CAPTURE_WAIT_MS = 5_000;
/** A pod whose volumes wait for an object says so this often. */
const VOLUME_WAIT_MS = 5_000;
/** Kinds that a pod may wait for before it starts. */
const HELD_BY: ReadonlySet<string> = new Set(['ConfigMap', 'Secret']);
/** Everyone learns that a pod is ending this long before its processes do: no new connection finds it gone. */
const TERMINATION_NOTICE_MS = 150;
/** After the last process: what is still in the kernel's buffers gets out before the link goes. */
const LINGER_MS = 150;

/** Begins at once; what goes wrong is told as an Event of the pod. */
export function startPodWorker(context: KubeletContext, node: KubeletNode, first: PodObject): PodWorker {
  const { namespace, name, uid } = first.metadata;
  const { store } = context.cluster;
  const onHost = first.spec.hostNetwork === true;
  const link = `v${createHash('sha256').update(uid).digest('hex').slice(0, 12)}`;
  const place: PodPlace = {
    namespace: onHost ? node.name : `${namespace}.${name}`,
    hostname: hostnameOf(first),
    resolvConfPath: join(context.podsDirectory, `${uid}.resolv.conf`),
    hostsPath: join(context.podsDirectory, `${uid}.hosts`),
    volumesDirectory: join(context.podsDirectory, `${uid}.volumes`),
    resolvConfTarget: context.resolvConfTarget,
  };
  const containers = new Map<string, ContainerWorker>();
  const initContainers = new Map<string, ContainerWorker>();
  const ending = new AbortController();
  const watchers = new Set<() => void>();
  let volumes: PodVolumes | undefined;
  let initialized = false;
  let outcome: 'Succeeded' | 'Failed' | undefined;
  let killed = false;

  const pod = (): PodObject => {
    const current = store.get('Pod', namespace, name);
    return current?.metadata.uid === uid ? current : first;
  };
  const publish = (): void => {
    const statuses = (workers: ReadonlyMap<string, ContainerWorker>): readonly ContainerStatus[] =>
      [...workers.values()].map(({ status }) => status);
    store.update('Pod', namespace, name, (current) => {
      const before = current.status ?? { phase: 'Pending' as const };
      const status = podStatus(before, {
        containers: statuses(containers),
        initContainers: statuses(initContainers),
        initialized,
        outcome,
        expected: current.spec.containers.length,
      });
      return status === current.status ? current : { ...current, status };
    });
  };
  // Containers publish while they are being made, before their worker is in the map: wait for the turn's end.
  let publishing = false;
  const publishSoon = (): void => {
    if (publishing) return;
    publishing = true;
    queueMicrotask(() => {
      publishing = false;
      publish();
    });
  };
  const runtime: PodRuntime = { context, node, place, pod, publish: publishSoon };

  /** Resolves true when `test` holds, false when the time is up; rejects when the pod ends. */
  const until = (test: () => boolean, timeoutMs: number): Promise<boolean> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (ending.signal.aborted) settle(() => reject(ending.signal.reason));
        else if (test()) settle(() => resolve(true));
      };
      const timer = setTimeout(() => settle(() => resolve(false)), timeoutMs);
      const settle = (how: () => void): void => {
        clearTimeout(timer);
        watchers.delete(check);
        how();
      };
      watchers.add(check);
      check();
    });

  const mayStart = (): boolean => {
    const labels = store.get('Namespace', '', namespace)?.metadata.labels ?? {};
    return !context.hasMesh || !wantsCapture(pod(), labels, context) || isCaptured(pod(), context);
  };

  const setUpVolumes = async (): Promise<void> => {
    volumes?.close();
    const open = openPodVolumes({
      pod: first,
      directory: place.volumesDirectory,
      store,
      tokens: context.tokens,
      subject: subjectOf(pod(), store.get('Node', '', node.name)?.metadata.uid ?? node.name),
      onError: (error) => context.log.error('token not renewed', { pod: uid, error: describeError(error) }),
    });
    volumes = open;
    await open.tokensWritten;
    while (!(await until(() => open.missing().length === 0, VOLUME_WAIT_MS)))
      context.events.warning(pod(), 'FailedMount', `volumes wait for ${open.missing().join(', ')}`);
  };

  const setUp = async (addresses: PodAddresses): Promise<void> => {
    writePodFiles(context, node, place, pod(), addresses);
    if (!onHost)
      await context.network.createPod({
        namespace: place.namespace,
        nodeNamespace: node.name,
        node: node.addresses,
        link,
        addresses,
      });
    store.update('Pod', namespace, name, (current) => withNetwork(current, node, place, addresses));
    await setUpVolumes();
    for (let tries = 1; !(await until(mayStart, CAPTURE_WAIT_MS)); tries++) {
      const message = `not captured by the mesh within ${CAPTURE_WAIT_MS / 1_000} s (try ${tries}): containers are held back; see nodemesh lab status`;
      if (context.meshIsUp()) context.events.warning(pod(), 'FailedCapture', message);
    }
  };

  const runInitContainers = async (): Promise<boolean> => {
    const policy = pod().spec.restartPolicy === 'Never' ? 'Never' : 'OnFailure';
    for (const container of pod().spec.initContainers ?? []) {
      if (ending.signal.aborted) return false;
      const worker = startContainer(runtime, container, policy);
      initContainers.set(container.name, worker);
      const code = await Promise.race([worker.finished, aborted(ending.signal)]);
      if (code !== 0) return false;
    }
    return true;
  };

  const clearNewMark = (): void => {
    store.update('Pod', namespace, name, (current) => {
      const { 'nodemesh.io/new': mark, ...annotations } = current.metadata.annotations;
      return mark === undefined ? current : { ...current, metadata: { ...current.metadata, annotations } };
    });
  };

  const runContainers = async (): Promise<void> => {
    const succeeded = await runInitContainers();
    clearNewMark();
    if (!succeeded) {
      if (!ending.signal.aborted) outcome = 'Failed';
      return;
    }
    initialized = true;
    for (const container of pod().spec.containers) {
      containers.set(
        container.name,
        startContainer(runtime, container, pod().spec.restartPolicy ?? 'Always'),
      );
    }
    publishSoon();
    const all = Promise.all([...containers.values()].map(({ finished }) => finished));
    const codes = await Promise.race([all, aborted(ending.signal)]);
    if (Array.isArray(codes)) outcome = codes.every((code) => code === 0) ? 'Succeeded' : 'Failed';
  };

  const stopContainers = async (): Promise<void> => {
    const workers = [...containers.values(), ...initContainers.values()];
    if (killed) for (const worker of workers) worker.kill();
    else {
      await context.endpointsSettled();
      await pause(TERMINATION_NOTICE_MS);
      const graceMs = (pod().metadata.deletionGracePeriodSeconds ?? 30) * 1_000;
      await Promise.all(workers.map((worker) => worker.stop(graceMs)));
    }
    await Promise.all(workers.map(({ finished }) => finished));
  };

  const tearDown = async (addresses: PodAddresses): Promise<void> => {
    if (!killed) await pause(LINGER_MS);
    for (const path of [place.resolvConfPath, place.hostsPath]) rmSync(path, { force: true });
    volumes?.close();
    if (onHost) return;
    await context.network.deletePod({ namespace: place.namespace, link, nodeNamespace: node.name });
    node.pool.giveBack(addresses);
  };

  const live = async (): Promise<void> => {
    const addresses = onHost ? { ipv4: node.addresses.ipv4, ipv6: node.addresses.ipv6 } : node.pool.take();
    if (addresses === undefined) {
      throw new LabError({
        code: 'ERR_LAB_CONFLICT',
        blame: 'local',
        message: `node ${node.name} has no free pod address left`,
      });
    }
    try {
      await setUp(addresses);
      await runContainers();
    } finally {
      if (ending.signal.aborted) await stopContainers();
      publish();
      await tearDown(addresses);
    }
  };

  const run = async (): Promise<void> => {
    const backoff = createBackoff({ initialMs: 500, maximumMs: 10_000 });
    while (!ending.signal.aborted) {
      try {
        await live();
        return;
      } catch (error) {
        if (ending.signal.aborted) return;
        context.events.warning(pod(), 'FailedCreatePodSandBox', describeError(error));
        await Promise.race([pause(backoff.next()), aborted(ending.signal)]);
      }
    }
  };

  const notify = (): void => {
    const { deletionTimestamp, deletionGracePeriodSeconds } = pod().metadata;
    if (deletionTimestamp !== undefined && !ending.signal.aborted)
      ending.abort(new Error('the pod is being deleted'));
    if (deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0)
      for (const worker of [...containers.values(), ...initContainers.values()]) worker.kill();
    for (const check of [...watchers]) check();
  };

  const ended = run();
  // The namespace's labels and the objects of volumes decide, too: whether a pod may start is asked again at each change.
  const unsubscribe = store.changes.subscribe(({ object }) => {
    const { namespace: within, name: own } = object.metadata;
    if (object.kind === 'Namespace' ? own === namespace : within === namespace && HELD_BY.has(object.kind))
      for (const check of [...watchers]) check();
  });
  void ended.finally(unsubscribe);
  return {
    place,
    container: (wanted) => containers.get(wanted) ?? initContainers.get(wanted),
    podChanged: notify,
    kill() {
      killed = true;
      ending.abort(new Error('the lab is going down'));
      for (const worker of [...containers.values(), ...initContainers.values()]) worker.kill();
    },
    ended,
  };
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
