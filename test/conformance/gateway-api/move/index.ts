export { reasonNotToRun } from './applicability.ts';
export { CLIENT_LABEL, type Sender, senderOf } from './clients.ts';
export { isRoute, listenersOf, onServiceParents } from './service-parents.ts';
export {
  type ExpectedCondition,
  type RouteName,
  type StatusCheck,
  statusChecks,
} from './status-assertions.ts';
