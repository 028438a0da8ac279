import type { PodPlace } from './mesh-objects.ts';

/** From the bench to the controller's process. */
export type ControllerOrder =
  | { readonly kind: 'restart'; readonly pods: readonly PodPlace[] }
  | { readonly kind: 'stop' };

/** And back. Moments are milliseconds since the epoch, with fractions: processes of one machine share them. */
export type ControllerReport =
  | { readonly kind: 'serving'; readonly port: number; readonly tookMs: number }
  /** The collections and what is served have taken the change. */
  | { readonly kind: 'changed'; readonly beganAtMs: number; readonly applyMs: number };

/**
 * What nodes that connect hold already. `everything`: each names all that the recording one was told, as after a restart of the
 * controller.
 */
export type Holding = 'nothing' | 'everything';

/** From the bench to a process of nodes. */
export type NodesOrder =
  /** The nodes of these numbers connect at once. `record`: the one that connects keeps the names of what it is told, for all processes. */
  | {
      readonly kind: 'connect';
      readonly first: number;
      readonly nodes: number;
      readonly holding: Holding;
      readonly record: boolean;
      readonly port: number;
    }
  /** Tell when each node has been told of `addresses` more addresses than by now. */
  | { readonly kind: 'expect'; readonly addresses: number }
  | { readonly kind: 'disconnect' }
  | { readonly kind: 'stop' };

/** And back, when the last of the process's nodes is so far. */
export type NodesReport =
  | {
      readonly kind: 'synced';
      /** When each node had everything. */
      readonly momentsMs: readonly number[];
      /** Of all of them. */
      readonly bytes: number;
      /** Streams that broke and were opened again meanwhile. */
      readonly reopened: number;
    }
  | { readonly kind: 'expecting' }
  | { readonly kind: 'received'; readonly momentsMs: readonly number[]; readonly bytes: number }
  | { readonly kind: 'disconnected' };
