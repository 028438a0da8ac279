export { type ControllerPeers, createControllerPeers } from './controller-peers.ts';
