export { type AnalysisOptions, analyze } from './analyze.ts';
export { type AnalysedManifest, findDuplicates, readAnalysedManifest } from './manifest-objects.ts';
export {
  ANALYSIS_LEVELS,
  type AnalysisLevel,
  type Finding,
  MESSAGES,
  type MessageDefinition,
  NOT_APPLICABLE,
  OWN,
} from './messages/index.ts';
export {
  type AnalysedObject,
  type AnalysisSettings,
  nameOf,
  type Place,
  readAnalysedObject,
} from './subject/index.ts';
export { parseSuppression, type Suppression } from './suppression.ts';
