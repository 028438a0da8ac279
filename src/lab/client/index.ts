export type { ExecRequest } from './exec-session.ts';
export { findLab, runningLabs } from './find-lab.ts';
export { createLabClient, type LabClient, type ObjectName, type WaypointReplica } from './lab-client.ts';
