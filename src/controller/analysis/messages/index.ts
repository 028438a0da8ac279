export {
  ANALYSIS_LEVELS,
  type AnalysisLevel,
  type Analyzer,
  type Finding,
  finding,
  type MessageDefinition,
} from './message-definition.ts';
export type { OwnMessage } from './own-message.ts';
export { ISTIO, MESSAGES, OWN } from './catalogue.ts';
export { NOT_APPLICABLE } from './not-applicable.ts';
