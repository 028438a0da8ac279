export { GUARD_HEADER, guardRow } from './guard-rows.ts';
export { type Guard, guardsIn } from './guards.ts';
