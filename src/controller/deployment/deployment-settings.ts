import type { ParameterScope } from './allowed-wishes.ts';
import type { MeshSettings } from '../translate/index.ts';

/** What the pods of waypoints are made of and told. */
export interface DeploymentSettings extends MeshSettings {
  readonly image: string;
  /** What a Gateway's parameters may change of its objects. Default `listed`. */
  readonly parameters?: ParameterScope;
  /** `host:port` at which a pod reaches the controller. */
  readonly controllerAddress: string;
  /** The name in its certificate. */
  readonly controllerName: string;
  readonly svidTtlMs: number;
  readonly logLevel: string;
  /** With spaces between; what a Gateway says comes behind them and wins. */
  readonly flags: string;
  readonly logFormat: 'text' | 'json';
}
