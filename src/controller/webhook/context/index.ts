export { createNeighbours, type Neighbours } from './neighbours.ts';
