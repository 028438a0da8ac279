import type { Logger } from '../../base/index.ts';
import type { LabNetwork } from '../network/index.ts';
import type { TokenIssuer } from './tokens.ts';

/** What the lab's mesh processes have in common. */
export interface MeshContext {
  /** How this very program is started: node, its options and main file. */
  readonly program: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly network: LabNetwork;
  readonly tokens: TokenIssuer;
  readonly paths: MeshPaths;
  /** Of controller and ztunnels: Istio's labels are another mesh's. */
  readonly sideBySide: boolean;
  readonly svidTtl: string;
  readonly logLevel: string;
  /** Of ztunnels and waypoints, each as `--flag=value`. */
  readonly telemetryFlags: readonly string[];
  /** Where the host finds the dashboards. */
  readonly dashboards: { readonly mesh: string | null; node(name: string): string | null };
  readonly log: Logger;
}

/** Where things are that several processes of the mesh use. */
export interface MeshPaths {
  readonly objects: string;
  readonly authority: string;
  readonly rootCertificate: string;
  readonly jwks: string;
  readonly tokens: string;
  readonly logs: string;
  readonly socket: string;
  /** On a tmpfs of the lab's own; what proxies keep for a restart. */
  readonly run: string;
}

export const MESH_NAMESPACE = 'nodemesh-system';
export const TRUST_DOMAIN = 'cluster.local';
export const CLUSTER_ID = 'Kubernetes';
export const CONTROLLER_NAMESPACE = 'lab-controller';
export const CONTROLLER_NAME = `nodemesh-controller.${MESH_NAMESPACE}.svc`;
export const CONTROLLER_PORT = 15012;
export const CONTROLLER_ADMIN_PORT = 15014;
/** Where it takes orders, on loopback only. */
export const CONTROLLER_OPERATOR_PORT = 15000;
/** Where the pages and the API of the whole mesh are, on loopback only. */
export const CONTROLLER_DASHBOARD_PORT = 8080;
/** Where a ztunnel has those of its node, on loopback only. */
export const NODE_DASHBOARD_PORT = 15022;
