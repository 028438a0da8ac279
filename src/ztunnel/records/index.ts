export { createJournal } from './journal.ts';
export { createRejectionRecorder } from './tunnel-rejections.ts';
