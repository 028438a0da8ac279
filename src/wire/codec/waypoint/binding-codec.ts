import { create, toBinary } from '@bufbuild/protobuf';
import type { WaypointBinding, WeightedWaypoint } from '../../../model/index.ts';
import { BindingSchema, Failure } from '../../generated/waypoint_binding_pb.js';
import {
  type Extension,
  ExtensionSchema,
  WeightedWaypointSchema,
  type WeightedWaypoint as WireWeightedWaypoint,
} from '../../generated/workload_pb.js';
import { enumTable } from '../enum-table.ts';
import { badField, checkField } from '../field.ts';
import { decodeGateway, encodeGateway } from '../address/gateway-address-codec.ts';
import { decodeMessage } from '../resource-codec.ts';

/** To go round a waypoint is nothing to guess. */
const FAILURES = enumTable<WaypointBinding['waypointFailure']>(
  { refuse: Failure.REFUSE, open: Failure.OPEN },
  'refuse',
);

/** `nodemesh.waypoint.WeightedWaypoint`, in the order given. */
export function encodeWeightedWaypoints(waypoints: readonly WeightedWaypoint[]): WireWeightedWaypoint[] {
  return waypoints.map(({ destination, weight }) =>
    create(WeightedWaypointSchema, { destination: encodeGateway(destination), weight }),
  );
}

/** Throws ERR_WIRE_FIELD, naming the field from `path` down. */
export function decodeWeightedWaypoints(
  waypoints: readonly WireWeightedWaypoint[],
  path: string,
): readonly WeightedWaypoint[] {
  return waypoints.map(({ destination, weight }, index) => {
    const place = `${path}[${index}].destination`;
    if (destination === undefined) throw badField(place, 'expected a waypoint, got nothing');
    return { destination: decodeGateway(destination, place), weight };
  });
}

/** What the message itself has no field for; nothing where there is nothing to say, so that Istio's bytes stay Istio's. */
export function encodeBinding(
  binding: Pick<WaypointBinding, 'waypointFailure' | 'weightedWaypoints'>,
): Extension[] {
  const { waypointFailure, weightedWaypoints } = binding;
  if (waypointFailure === 'refuse' && weightedWaypoints.length === 0) return [];
  const message = create(BindingSchema, {
    failure: FAILURES.encode(waypointFailure),
    weightedWaypoints: encodeWeightedWaypoints(weightedWaypoints),
  });
  const config = { typeUrl: TYPE_URL, value: toBinary(BindingSchema, message) };
  return [create(ExtensionSchema, { name: NAME, config })];
}

/** Of extensions of other makers none is looked at. Throws ERR_WIRE_FIELD. */
export function decodeBinding(
  extensions: readonly Extension[],
): Pick<WaypointBinding, 'waypointFailure' | 'weightedWaypoints'> {
  const index = extensions.findIndex(({ config }) => config?.typeUrl === TYPE_URL);
  const bytes = extensions[index]?.config?.value;
  if (bytes === undefined) return NOTHING_BESIDES;
  const path = `extensions[${index}].config`;
  const message = checkField(path, () => decodeMessage(BindingSchema, bytes));
  return {
    waypointFailure: FAILURES.decode(message.failure, `${path}.failure`),
    weightedWaypoints: decodeWeightedWaypoints(message.weightedWaypoints, `${path}.weighted_waypoints`),
  };
}

const NOTHING_BESIDES = { waypointFailure: 'refuse', weightedWaypoints: [] } as const;
const NAME = 'nodemesh.io/waypoint-binding';
const TYPE_URL = 'type.googleapis.com/nodemesh.waypoint.Binding';
