import type { NodeDescription } from '../cluster/objects/index.ts';

/** What the supervisor is told by whoever launches it, through a file in the state directory. */
export interface SupervisorConfig {
  readonly name: string;
  readonly stateDirectory: string;
  readonly nodes: readonly NodeDescription[];
  /** False: plain networking only, no controller and no ztunnels. */
  readonly mesh: boolean;
  /** The mesh leaves Istio's labels to another one. */
  readonly sideBySide: boolean;
  /** How this very program is started again: node, its options and the main file. */
  readonly program: readonly string[];
  /** For everything the lab runs. */
  readonly environment: Readonly<Record<string, string>>;
  /** What /etc/resolv.conf really is on this machine. */
  readonly resolvConfTarget: string;
  /** Lifetime asked for by ztunnels, such as 24h or 10s. */
  readonly svidTtl: string;
  readonly logLevel: string;
  /** Of ztunnels and waypoints, each as `--flag=value`: what they trace, and whom they tell. */
  readonly telemetryFlags: readonly string[];
}

/** Files of the state directory. */
export const PID_FILE = 'pid';
export const CONFIG_FILE = 'lab.json';
export const SOCKET_FILE = 'supervisor.sock';
export const SUPERVISOR_LOG = '_supervisor.log';
export const CLUSTER_DOMAIN = 'cluster.local';

/** How long `nodemesh lab up` is willing to wait for each step of coming up. */
export const STEP_NAMES = ['network', 'node agents', 'controller', 'ztunnels'] as const;

/** A name in STEP_NAMES. */
export type StepName = (typeof STEP_NAMES)[number];

/** How far one step is; `off`: this lab has none of it. */
export interface Step {
  readonly name: StepName;
  readonly state: 'waiting' | 'done' | 'failed' | 'off';
  readonly error?: string;
}
