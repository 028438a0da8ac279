/** What the controller writes back: into Kubernetes, or in the lab to the supervisor. It is the only way it writes. */
export interface ControllerSink {
  /** Sets annotations of a pod; null removes one. Each method rejects with ControllerError ERR_CONTROLLER_SINK. */
  annotatePod(change: PodAnnotations, signal?: AbortSignal): Promise<void>;
  /** Merged by type into `status.conditions`. */
  setConditions(change: ObjectConditions, signal?: AbortSignal): Promise<void>;
  recordEvent(event: ObjectNotice, signal?: AbortSignal): Promise<void>;
}

export interface PodAnnotations {
  readonly namespace: string;
  readonly name: string;
  readonly annotations: Readonly<Record<string, string | null>>;
}

export interface ObjectConditions {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly conditions: readonly ObjectCondition[];
}

export interface ObjectCondition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
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
  setConditions: async () => undefined,
  recordEvent: async () => undefined,
};
