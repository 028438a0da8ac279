export type { CountsOfOne, Observer } from './observer.ts';
