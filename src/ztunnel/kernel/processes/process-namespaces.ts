import { stat } from 'node:fs/promises';
import { type Clock, errnoOf } from '../../../base/index.ts';
import type { EnrolmentPod } from '../../../model/index.ts';
import { NetError, type NetNamespace, namespaceAddresses, openNamespace } from '../../../net/index.ts';
import { ZtunnelError } from '../../errors.ts';
import type { PodNamespaces } from '../pod-namespaces.ts';
import { namespacePath, type PodProcess, type ProcessScan, readPodUid } from './process-scan.ts';
import { createSharedScan } from './shared-scan.ts';

/** Where processes are looked for. */
export interface ProcessNamespacesOptions {
  /** The machine's /proc, where its processes have the numbers that it knows them by. */
  readonly proc: string;
  readonly clock: Clock;
}

/** Pods' network namespaces by their processes (Kubernetes): a process's cgroup names its pod. */
export function createProcessNamespaces({ proc, clock }: ProcessNamespacesOptions): PodNamespaces {
  const scans = createSharedScan(proc, clock);
  /** The process that each namespace in hand was found by. */
  const holders = new WeakMap<NetNamespace, number>();

  return {
    async open(pod) {
      if (pod.kubernetesUid === '') throw notFound(pod, 'it has no uid to look for');
      const scan = await scans.look(pod.kubernetesUid);
      const forbidden = forbiddenNamespaces(proc);
      const reasons: string[] = [];
      for (const process of scan.found.get(pod.kubernetesUid) ?? []) {
        const result = tryProcess(proc, pod, process, forbidden);
        if (typeof result !== 'string') {
          holders.set(result, process.pid);
          return result;
        }
        reasons.push(`process ${process.pid} ${result}`);
      }
      throw notFound(pod, describeScan(proc, scan, reasons), scan.refused);
    },
    async isCurrent(pod, namespace) {
      const holder = holders.get(namespace);
      if (holder !== undefined && (await isIn(proc, holder, namespace))) return true;
      // Where there is no pause container, a pod has none between two of its own: but it keeps its address as long as it is.
      if (!hasAddressOf(pod, namespace)) return false;
      const { found } = await scans.look(pod.kubernetesUid);
      const processes = found.get(pod.kubernetesUid) ?? [];
      const heir = processes.find((process) => isSame(process, namespace));
      if (heir !== undefined) holders.set(namespace, heir.pid);
      return heir !== undefined || processes.length === 0;
    },
  };
}

interface NamespaceId {
  readonly device: bigint;
  readonly inode: bigint;
}

/** The machine's own namespace and this process's: capturing in there would capture everybody. Throws NetError. */
function forbiddenNamespaces(proc: string): readonly NamespaceId[] {
  return [namespacePath(proc, 1), '/proc/thread-self/ns/net'].map((path) => {
    const namespace = openNamespace(path);
    namespace.close();
    return namespace;
  });
}

/** The namespace of a process, or why it is not the pod's. Throws NetError. */
function tryProcess(
  proc: string,
  pod: EnrolmentPod,
  process: PodProcess,
  forbidden: readonly NamespaceId[],
): NetNamespace | string {
  // Also spares a permission that opening takes.
  if (forbidden.some((other) => isSame(process, other))) return IN_HOST;
  const namespace = tryOpen(namespacePath(proc, process.pid));
  if (namespace === undefined) return HAS_ENDED;
  const problem = problemOf(proc, pod, process, namespace, forbidden);
  if (problem === undefined) return namespace;
  namespace.close();
  return problem;
}

/** What was opened may be of another process than what was looked at: numbers are used again. Throws NetError. */
function problemOf(
  proc: string,
  pod: EnrolmentPod,
  { pid }: PodProcess,
  namespace: NetNamespace,
  forbidden: readonly NamespaceId[],
): string | undefined {
  if (forbidden.some((other) => isSame(namespace, other))) return IN_HOST;
  if (readPodUid(proc, pid) !== pod.kubernetesUid) return HAS_ENDED;
  return hasAddressOf(pod, namespace) ? undefined : `is in a network with ${describeAddresses(namespace)}`;
}

function tryOpen(path: string): NetNamespace | undefined {
  try {
    return openNamespace(path);
  } catch (error) {
    if (error instanceof NetError && error.code === 'ERR_NET_NAMESPACE_GONE') return undefined;
    throw error;
  }
}

const HAS_ENDED = 'has ended';
const IN_HOST = "is in the node's own network";

async function isIn(proc: string, pid: number, namespace: NetNamespace): Promise<boolean> {
  try {
    const { dev, ino } = await stat(namespacePath(proc, pid), { bigint: true });
    return isSame({ device: dev, inode: ino }, namespace);
  } catch (error) {
    // EACCES too: the kernel says so of a process that ends while it is looked at.
    if (['ENOENT', 'ESRCH', 'EACCES'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}

function isSame(one: NamespaceId, other: NamespaceId): boolean {
  return one.device === other.device && one.inode === other.inode;
}

function hasAddressOf(pod: EnrolmentPod, namespace: NetNamespace): boolean {
  const present = namespaceAddresses(namespace);
  return pod.addresses.some((address) => present.has(address));
}

function describeAddresses(namespace: NetNamespace): string {
  const present = [...namespaceAddresses(namespace)].slice(0, MOST_NAMED);
  return present.length === 0 ? 'no address' : present.join(', ');
}

function describeScan(proc: string, { looked }: ProcessScan, reasons: readonly string[]): string {
  const found = reasons.length === 0 ? 'none is of this pod' : reasons.slice(0, MOST_NAMED).join('; ');
  return `of ${looked} processes in ${proc}, ${found}`;
}

function notFound(pod: EnrolmentPod, found: string, cause?: unknown): ZtunnelError {
  return new ZtunnelError({
    code: 'ERR_ZTUNNEL_POD_NAMESPACE',
    blame: 'local',
    message: `no network namespace with ${pod.addresses.join(' or ')} was found for ${pod.namespace}/${pod.name} (uid ${pod.kubernetesUid}): ${found}`,
    hint:
      cause === undefined
        ? undefined
        : 'looking at the processes of others takes CAP_SYS_PTRACE, and a /proc that does not hide them',
    retryable: true,
    cause,
  });
}

const MOST_NAMED = 5;
