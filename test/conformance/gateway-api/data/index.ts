export { type ConformanceData, type FeatureDescription, loadConformanceData } from './conformance-data.ts';
export type {
  BackendSees,
  CaseRequest,
  ConformanceCase,
  ConformanceTest,
  Distribution,
  Expectation,
  Mirror,
  PodAddress,
  PodSelector,
  Redirect,
  StatusAssertion,
} from './conformance-test.ts';
export { type JsonObject, listOf, objectOf, textOf } from './json-value.ts';
export { readTest } from './read-test.ts';
