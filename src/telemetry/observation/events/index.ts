export { createRefusalLog } from './refusal-log.ts';
export type { Sequenced } from './event-log.ts';
export { createFlowTable } from './flow-table.ts';
export { createTraceTable } from './trace-table.ts';
