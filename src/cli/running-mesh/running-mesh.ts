import type { Readable } from 'node:stream';
import type { KubeObject } from '../../lab/cluster/objects/index.ts';
import type { WaypointReplica } from '../../lab/client/index.ts';
import type { ApiClient, HttpAnswer } from '../api/index.ts';

/** Whose log is meant. */
export type LogOwner =
  | { readonly kind: 'controller' }
  | { readonly kind: 'ztunnel'; readonly node: string }
  | { readonly kind: 'waypoint'; readonly namespace: string; readonly pod: string };

/** How much of a log, and whether what is to come. */
export interface LogWish {
  /** So many of the last lines. */
  readonly tail: number;
  /** Goes on with what is still to come. */
  readonly follow?: boolean;
}

/** A mesh that runs, in a lab or in a cluster, and how its parts are asked. Everything rejects with MeshError. */
export interface RunningMesh {
  readonly place: 'lab' | 'cluster';
  /** What a hint tells people to run there, before `get`, `logs`. */
  readonly tool: 'kubectl' | 'nodemesh lab';
  /** Those that have a ztunnel, by name. */
  nodes(): Promise<readonly string[]>;
  /** The API of a node, or without one of the whole mesh. */
  api(node?: string): Promise<ApiClient>;
  /** Asks the ztunnel of a node, or `controller`, on the one of its ports that serves the path. `method`: default GET. */
  admin(part: string, path: string, method?: string): Promise<HttpAnswer>;
  /** The same of a waypoint: the pod that is named, else the first that is ready. */
  waypointAdmin(
    waypoint: WaypointReplica,
    request: { readonly path: string; readonly method?: string },
  ): Promise<HttpAnswer & { readonly pod: string }>;
  /** Kinds of objects that are known there. */
  kinds(): Promise<readonly string[]>;
  /** All of a kind, or of one namespace, or one; empty where it or its kind is not there. */
  objects(kind: string, namespace?: string, name?: string): Promise<readonly KubeObject[]>;
  /** Lines until the end, or until the stream is destroyed. */
  log(owner: LogOwner, wish: LogWish): Promise<Readable>;
}
