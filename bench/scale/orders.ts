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

/** From the bench to the process of the nodes. */
export type NodesOrder =
  /** So many nodes connect at once. `warm`: each names all that it held, as after a restart of the controller. */
  | { readonly kind: 'connect'; readonly nodes: number; readonly warm: boolean; readonly port: number }
  /** Tell when each node has been told of `addresses` more addresses than by now. */
  | { readonly kind: 'expect'; readonly addresses: number }
  | { readonly kind: 'disconnect' }
  | { readonly kind: 'stop' };

/** And back. */
export type NodesReport =
  | {
      readonly kind: 'synced';
      /** From the order to the first node, and to the last, that had everything. */
      readonly firstMs: number;
      readonly lastMs: number;
      readonly bytesPerNode: number;
      /** Streams that broke and were opened again meanwhile. */
      readonly reopened: number;
    }
  | { readonly kind: 'expecting' }
  | {
      readonly kind: 'received';
      readonly firstAtMs: number;
      readonly medianAtMs: number;
      readonly lastAtMs: number;
      readonly bytesPerNode: number;
    }
  | { readonly kind: 'disconnected' };
