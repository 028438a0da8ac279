import type { Fields, Json } from './manifest.ts';

/** Settings that stand in objects as text. */
export type TextSetting =
  | 'image'
  | 'imagePullPolicy'
  | 'trustDomain'
  | 'clusterDomain'
  | 'clusterId'
  | 'network'
  | 'rootNamespace'
  | 'svidTtl'
  | 'logLevel'
  | 'logFormat'
  | 'drainTimeout'
  | 'cniBinFolder'
  | 'cniConfigFolder'
  | 'webhookFailurePolicy'
  | 'waypointParameters';

/** Settings that are whole numbers in a manifest; seconds where the name says so. */
export type NumberSetting = 'controllerReplicas' | 'drainGraceSeconds';

/** Settings that are objects themselves. */
export type WholeSetting = 'controllerResources' | 'ztunnelResources';

/** What decides whether a part is there. */
export type Condition =
  | 'alone'
  | 'cni'
  | 'failClosed'
  | 'fixedUser'
  | 'gke'
  | 'monitoring'
  | 'network'
  | 'openshift'
  | 'sharedRoots'
  | 'sideBySide';

/**
 * How settings get into objects. The same functions write objects for settings that are known, and the templates of the
 * Helm chart, where they are expressions.
 */
export interface Shape {
  text(setting: TextSetting): string;
  number(setting: NumberSetting): Json;
  whole(setting: WholeSetting): Json;
  /** The entries of a list that are there under a condition. */
  when<T extends Json>(condition: Condition, entries: readonly T[]): readonly T[];
  /** The same for members of an object. */
  whenFields(condition: Condition, fields: Fields): Fields;
}
