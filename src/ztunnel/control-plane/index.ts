export { createEnrolmentGate, type EnrolmentGate } from './enrolment-gate.ts';
export { createFirstAnswers, type FirstAnswers } from './first-answers.ts';
export { type ControlPlaneSink, subscriptionsTo } from './subscriptions.ts';
export { xdsNodeOf } from './xds-node.ts';
