export { createSelectedSource, type SelectedSource } from './selected-source.ts';
