import { type GatewayKey, gatewayKey } from '../../../model/index.ts';
import type { ObjectMeta } from '../../objects/index.ts';
import type { MeshSettings } from '../mesh-settings.ts';
import {
  readClaim,
  type TwinName,
  USE_WAYPOINT,
  USE_WAYPOINT_CANARY,
  USE_WAYPOINT_CANARY_NAMESPACE,
  USE_WAYPOINT_CANARY_WEIGHT,
  USE_WAYPOINT_NAMESPACE,
  WAYPOINT_FAILURE,
} from '../twin-name.ts';

/** What an object's labels and annotations say about waypoints. */
export interface WaypointWish {
  /** `none`: explicitly no waypoint. Undefined: nothing said, so that the namespace decides. */
  readonly waypoint: WaypointReference | 'none' | undefined;
  readonly canary: WaypointReference | undefined;
  /** In percent; `invalid` where it cannot be read, undefined where nothing is said. */
  readonly canaryWeight: number | 'invalid' | undefined;
}

/** The Gateway that a label names, whether it is there or not. */
export interface WaypointReference {
  readonly key: GatewayKey;
  readonly namespace: string;
  readonly name: string;
}

/** Whose labels count. */
export type ClaimSettings = Pick<MeshSettings, 'sideBySide'>;

type Meta = Pick<ObjectMeta, 'labels' | 'annotations'>;

/** `namespace` is where a Gateway without a namespace of its own is looked for. */
export function readWaypointWish(meta: Meta, namespace: string, settings: ClaimSettings): WaypointWish {
  const weight = readClaim(meta.annotations, USE_WAYPOINT_CANARY_WEIGHT, settings);
  const read = (name: TwinName, itsNamespace: TwinName): WaypointReference | 'none' | undefined =>
    readReference(meta.labels, namespace, [name, itsNamespace], settings);
  return {
    waypoint: read(USE_WAYPOINT, USE_WAYPOINT_NAMESPACE),
    canary: asReference(read(USE_WAYPOINT_CANARY, USE_WAYPOINT_CANARY_NAMESPACE)),
    canaryWeight: weight === undefined ? undefined : parseWeight(weight),
  };
}

/** The object's own word before its namespace's; one that names a waypoint says all of it itself. */
export function inheritWish(own: WaypointWish, namespace: WaypointWish | undefined): WaypointWish {
  if (own.waypoint !== undefined || namespace === undefined) return own;
  return {
    waypoint: namespace.waypoint,
    canary: own.canary ?? namespace.canary,
    canaryWeight: own.canaryWeight ?? namespace.canaryWeight,
  };
}

/** The object's own label before its namespace's. */
export function readWaypointFailure(own: Meta, namespace: Meta | undefined): 'refuse' | 'open' {
  return failureText(own, namespace) === 'open' ? 'open' : 'refuse';
}

/** What is wrong with that label: whoever mistypes it stays on the safe side, and should know. */
export function waypointFailureFault(own: Meta, namespace: Meta | undefined): string | undefined {
  const text = failureText(own, namespace);
  if (text === undefined || text === 'open' || text === 'refuse') return undefined;
  return `label ${WAYPOINT_FAILURE}: expected open or refuse, got ${JSON.stringify(text)}, which stands for refuse`;
}

function failureText(own: Meta, namespace: Meta | undefined): string | undefined {
  return own.labels.get(WAYPOINT_FAILURE) ?? namespace?.labels.get(WAYPOINT_FAILURE);
}

function parseWeight(text: string): number | 'invalid' {
  return /^\d{1,3}$/.test(text) && Number(text) <= 100 ? Number(text) : 'invalid';
}

function asReference(wish: WaypointReference | 'none' | undefined): WaypointReference | undefined {
  return wish === 'none' || wish?.name === '' ? undefined : wish;
}

/** The two labels belong together, so both are read under the name that the first one has. */
function readReference(
  labels: ReadonlyMap<string, string>,
  fallback: string,
  [nameLabel, namespaceLabel]: readonly [TwinName, TwinName],
  { sideBySide }: ClaimSettings,
): WaypointReference | 'none' | undefined {
  const spelling = sideBySide === true || labels.has(nameLabel.own) ? 'own' : 'istio';
  const name = labels.get(nameLabel[spelling]);
  if (name === undefined || name === 'none') return name;
  const namespace = labels.get(namespaceLabel[spelling]) ?? fallback;
  return { key: gatewayKey(namespace, name), namespace, name };
}
