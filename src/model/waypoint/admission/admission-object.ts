import type { Attachment } from '../attachment.ts';
import type { ExtensionKey } from '../http-filter.ts';

/** The kinds of `nodemesh.io/v1alpha1` that a route's filters can name. */
export type AdmissionKind = 'RateLimit' | 'FaultInjection' | 'Filter';

/** What RateLimit, FaultInjection and Filter have in common. */
export interface AdmissionObject {
  readonly key: ExtensionKey;
  readonly namespace: string;
  readonly name: string;
  /** Milliseconds since the epoch; infinite when unknown. Where order matters, older ones come first. */
  readonly createdMs: number;
  /** Empty: it holds only for the rules of routes that name it by ExtensionRef. */
  readonly attachments: readonly Attachment[];
}

/** Nothing is checked. */
export function extensionKey(kind: AdmissionKind, namespace: string, name: string): ExtensionKey {
  return `${kind}/${namespace}/${name}` as ExtensionKey;
}
