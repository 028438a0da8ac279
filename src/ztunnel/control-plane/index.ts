export { createEnrolmentGate } from './enrolment-gate.ts';
export { createFirstAnswers } from './first-answers.ts';
export { subscriptionsTo } from './subscriptions.ts';
export { xdsNodeOf } from './xds-node.ts';
