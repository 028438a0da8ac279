import type { ConsultDeps } from './authorizers/consult.ts';
import type { DecisionListeners } from './note-decision.ts';

/** What judging requests and connections needs of the rest of the waypoint. */
export type GuardDeps = DecisionListeners & ConsultDeps;
