export { type ControllerClient, createControllerClient } from './controller-client.ts';
export { createEnrolmentGate, type EnrolmentGate } from './enrolment-gate.ts';
export { type ControlPlaneSink, subscriptionsTo } from './subscriptions.ts';
