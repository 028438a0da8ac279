import type { ObjectManifest, ObjectReference } from './object-manifest.ts';
import type { ObjectStatus } from './object-status.ts';

/** What the controller writes back: into Kubernetes, or in the lab to the supervisor. It is the only way it writes. */
export interface ControllerSink {
  /** Sets annotations of a pod; null removes one. Each method rejects with ControllerError ERR_CONTROLLER_SINK. */
  annotatePod(change: PodAnnotations, signal?: AbortSignal): Promise<void>;
  /** Merged into what is there, so that what others wrote stays. */
  setStatus(change: ObjectStatus, signal?: AbortSignal): Promise<void>;
  /**
   * Those of many statuses that are not as they should be, in the order given, found with fewer requests than a write of each
   * takes. What cannot be told is among them. Absent: there is no such way here.
   */
  staleStatuses?(changes: readonly ObjectStatus[], signal?: AbortSignal): Promise<readonly ObjectStatus[]>;
  recordEvent(event: ObjectNotice, signal?: AbortSignal): Promise<void>;
  /**
   * Makes the object what the manifest says, as a server-side apply does: what an earlier manifest said and this one does
   * not is taken back, what others set stays. An object that is there without the annotation `nodemesh.io/applied` is
   * somebody else's and is not touched: that rejects too.
   */
  applyObject(manifest: ObjectManifest, signal?: AbortSignal): Promise<void>;
  /** Without effect when it is not there; rejects for somebody else's. */
  deleteObject(object: ObjectReference, signal?: AbortSignal): Promise<void>;
}

/** Annotations to be set, null taking one away. */
export interface PodAnnotations {
  readonly namespace: string;
  readonly name: string;
  /** The very pod that is meant, should another have taken its name. Empty or absent: whichever there is. */
  readonly uid?: string | undefined;
  readonly annotations: Readonly<Record<string, string | null>>;
}

/** A Kubernetes Event. */
export interface ObjectNotice {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** For a mesh without anybody to write to: everything is accepted and forgotten. */
export const silentSink: ControllerSink = {
  annotatePod: async () => undefined,
  setStatus: async () => undefined,
  recordEvent: async () => undefined,
  applyObject: async () => undefined,
  deleteObject: async () => undefined,
};
