export { createRefusalLog } from './refusal-log.ts';
export { createEventLog, type EventLog, type Sequenced } from './event-log.ts';
export { createFlowTable, type FlowTable } from './flow-table.ts';
export { createTraceTable, type TraceTable } from './trace-table.ts';
