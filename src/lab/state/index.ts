// What a lab keeps on this machine, and by which whoever wants to talk to it finds it. Every command reads this, so it needs
// nothing of what a lab runs.
export {
  CLUSTER_DOMAIN,
  CONFIG_FILE,
  PID_FILE,
  SOCKET_FILE,
  STEP_NAMES,
  type Step,
  type StepName,
  SUPERVISOR_LOG,
  type SupervisorConfig,
} from './configuration.ts';
export { createStateDirectory, labNames, stateBase } from './state-directory.ts';
export { finishShutdown, supervisorPid } from './supervisor-process.ts';
