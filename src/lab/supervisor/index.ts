export type {
  AdminAnswer,
  ApplyResult,
  LabStatus,
  NodeStatus,
  PodTrouble,
  RevocationAnswer,
  RootAnswer,
  RotationStep,
  WaypointAnswer,
} from './api/index.ts';
export { launchSupervisor } from './launch.ts';
export { supervise } from './supervise.ts';
