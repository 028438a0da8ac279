export { createNeighbours, type Neighbourhood, type Neighbours } from './neighbours.ts';
