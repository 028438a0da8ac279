export { createLeaderElection, type LeaderElection, type LeaderElectionOptions } from './leader-election.ts';
export { type Leadership, soleLeader } from './leadership.ts';
