export { type ConformanceLab, startConformanceLab } from './conformance-lab.ts';
export { runTest, type TestResult } from './run-test.ts';
