export { listPages } from './list-pages.ts';
export { readWatch } from './watch-stream.ts';
