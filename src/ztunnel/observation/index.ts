export { createNodeFacts, type NodeFacts } from './node-facts.ts';
export { type NodeObservation, observeNode } from './observe-node.ts';
