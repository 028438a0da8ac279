export { builtInImages } from './images.ts';
