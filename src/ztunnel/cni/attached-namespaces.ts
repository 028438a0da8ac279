import { stat } from 'node:fs/promises';
import { errnoOf } from '../../base/index.ts';
import type { EnrolmentPod } from '../../model/index.ts';
import { NetError, type NetNamespace, namespaceAddresses, openNamespace } from '../../net/index.ts';
import type { PodNamespaces } from '../kernel/index.ts';
import type { Attachment } from './attachment.ts';

/**
 * Pods' network namespaces as their CNI plugin named them, as long as they are there; else as `others` finds them. What
 * a plugin said last is what holds: a pod that gets a new sandbox leaves its old namespace at once.
 */
export function createAttachedNamespaces(
  others: PodNamespaces,
  attachmentOf: (pod: EnrolmentPod) => Attachment | undefined,
): PodNamespaces {
  async function present(pod: EnrolmentPod): Promise<Attachment | undefined> {
    const attachment = attachmentOf(pod);
    return attachment !== undefined && (await isThere(attachment)) ? attachment : undefined;
  }

  return {
    async open(pod) {
      const attachment = await present(pod);
      if (attachment === undefined) return others.open(pod);
      const namespace = openNamespace(attachment.path);
      if (isSame(namespace, attachment)) return namespace;
      // Its name has just been given to another one.
      namespace.close();
      return others.open(pod);
    },
    async isCurrent(pod, namespace) {
      const attachment = await present(pod);
      return attachment === undefined ? others.isCurrent(pod, namespace) : isSame(namespace, attachment);
    },
  };
}

/**
 * Whether what has the attachment's name and number by now is the network of another pod: both are used again, and nobody
 * told of it while no process listened. An attachment whose name leads nowhere is of nobody else.
 */
export function isOfAnother(attachment: Attachment): boolean {
  if (attachment.addresses.length === 0) return false;
  try {
    const namespace = openNamespace(attachment.path);
    try {
      const present = namespaceAddresses(namespace);
      return isSame(namespace, attachment) && !attachment.addresses.some((address) => present.has(address));
    } finally {
      namespace.close();
    }
  } catch (error) {
    if (error instanceof NetError) return false;
    throw error;
  }
}

/** Whether the namespace of an attachment is where it was. */
export async function isThere(attachment: Attachment): Promise<boolean> {
  try {
    const { dev, ino } = await stat(attachment.path, { bigint: true });
    return isSame({ device: dev, inode: ino }, attachment);
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}

function isSame(one: Pick<NetNamespace, 'device' | 'inode'>, other: Attachment): boolean {
  return one.device === other.device && one.inode === other.inode;
}
