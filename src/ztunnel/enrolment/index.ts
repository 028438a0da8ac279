export { createNodeEnrolment, type NodeEnrolment } from './node-enrolment.ts';
export { createNodeReports, type NodeReports } from './node-reports.ts';
export type { PodEnrolment } from './pod-enrolment.ts';
export { type PodState, stateInDump } from './pod-state.ts';
export type { EnrolmentPorts, PodNamespace, PodProxy, PodReport, Redirection } from './ports.ts';
export { within } from './within.ts';
