import { ISTIO_LATER_MESSAGES } from './istio-later-messages.ts';
import { ISTIO_MESSAGES } from './istio-messages.ts';
import { MESH_MESSAGES } from './mesh-messages.ts';
import type { MessageDefinition } from './message-definition.ts';
import { POLICY_MESSAGES } from './policy-messages.ts';
import { WAYPOINT_MESSAGES } from './waypoint-messages.ts';

/** Those of Istio's analyzer that make sense without sidecars, by name. */
export const ISTIO = { ...ISTIO_MESSAGES, ...ISTIO_LATER_MESSAGES } as const;

/** Our own, by name. */
export const OWN = { ...MESH_MESSAGES, ...POLICY_MESSAGES, ...WAYPOINT_MESSAGES } as const;

/** All that can be said, by code. */
export const MESSAGES: readonly MessageDefinition[] = [...Object.values(OWN), ...Object.values(ISTIO)].sort(
  (a, b) => (a.code < b.code ? -1 : 1),
);
