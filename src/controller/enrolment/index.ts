export { type EnrolmentPlan, planEnrolment } from './enrolment-plan.ts';
export { heldBy, isStatic, wantsToEnrol } from './enrolment-rules.ts';
export { bystanderOf, namespaceMembership } from './membership.ts';
export { createCrossing } from './crossing.ts';
export { createReportService } from './report-service.ts';
export { createReportRelay, type ReportRelay } from './report-relay.ts';
