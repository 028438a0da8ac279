export { readBoot } from './boot.ts';
export { captureState, restoreState } from './node-state.ts';
export { readState, type SavedState } from './saved-state.ts';
export { createStateKeeper, type StateKeeper } from './state-keeper.ts';
