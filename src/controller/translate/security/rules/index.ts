export {
  type TestContext,
  type TranslatedTests,
  testsOfCondition,
  testsOfOperation,
  testsOfSource,
} from './request-tests.ts';
