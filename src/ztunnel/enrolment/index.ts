export { createNodeEnrolment } from './node-enrolment.ts';
export { createNodeReports } from './node-reports.ts';
export type { PodState } from './pod-state.ts';
export type { EnrolmentPorts, PodNamespace, PodProxy, PodReport, Redirection } from './ports.ts';
export { within } from './within.ts';
