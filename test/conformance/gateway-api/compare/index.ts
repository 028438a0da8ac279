export { headerOf, type ReceivedAnswer } from './answer.ts';
export { type ComparisonContext, differences } from './differences.ts';
export { type Echo, readEcho } from './echo.ts';
export { redirectDifferences } from './redirect.ts';
export { shareDifferences } from './shares.ts';
