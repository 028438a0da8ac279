export { type CollectionFollower, followCollection, type FollowTarget } from './collection-follower.ts';
export { type DefinitionFollower, followDefinitions } from './definition-follower.ts';
export { FOLLOW_DEFAULTS, type FollowSettings } from './settings.ts';
