export { agreedReceipt } from './agreed-receipt.ts';
export { createObservationRelay, type ObservationRelay } from './observation-relay.ts';
