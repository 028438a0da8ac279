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
export { type SupervisorConfig, SOCKET_FILE, type Step } from './configuration.ts';
export { createFrameDecoder, encodeFrame, FRAME_KINDS } from './frames.ts';
export { finishShutdown, launchSupervisor, supervisorPid } from './launch.ts';
export { createStateDirectory, labNames, stateBase } from './state-directory.ts';
export { supervise } from './supervise.ts';
