import type { ResourceBlock, XdsResource } from '../../messages.ts';

/** Big enough that a mesh is a few hundred of them, small enough that a change re-makes little. */
const BLOCK_RESOURCES = 512;

/**
 * The resources that everybody sees, in blocks. A block is made when somebody asks for everything, and stays the same object until
 * one of its resources changes: a thousand proxies that start at once get the same blocks, encoded once.
 */
export interface ResourceBlocks {
  add(resource: XdsResource): void;
  /** `before` must be one that was added. */
  replace(before: XdsResource, after: XdsResource): void;
  remove(resource: XdsResource): void;
  /** Everything there is now. */
  all(): readonly ResourceBlock[];
}

interface Block {
  readonly members: Set<XdsResource>;
  made: ResourceBlock | undefined;
}

/** Without a resource. */
export function createResourceBlocks(): ResourceBlocks {
  const blocks = new Set<Block>();
  const blockOf = new Map<XdsResource, Block>();
  /** Has room, unless it was filled since. */
  let roomy: Block | undefined;

  const put = (resource: XdsResource, block: Block): void => {
    block.members.add(resource);
    block.made = undefined;
    blockOf.set(resource, block);
  };
  const take = (resource: XdsResource): Block | undefined => {
    const block = blockOf.get(resource);
    blockOf.delete(resource);
    block?.members.delete(resource);
    if (block !== undefined) block.made = undefined;
    return block;
  };
  const blockWithRoom = (): Block => {
    if (roomy !== undefined && roomy.members.size < BLOCK_RESOURCES) return roomy;
    roomy = { members: new Set(), made: undefined };
    blocks.add(roomy);
    return roomy;
  };

  return {
    add: (resource) => put(resource, blockWithRoom()),
    replace(before, after) {
      put(after, take(before) ?? blockWithRoom());
    },
    remove(resource) {
      const block = take(resource);
      if (block === undefined) return;
      if (block.members.size > 0) {
        // New ones fill the holes that old ones left.
        if (block.members.size < BLOCK_RESOURCES / 2) roomy = block;
        return;
      }
      blocks.delete(block);
      if (roomy === block) roomy = undefined;
    },
    all: () => Array.from(blocks, made),
  };
}

function made(block: Block): ResourceBlock {
  if (block.made === undefined) {
    const resources = [...block.members];
    block.made = { resources, bytes: sizeOfResources(resources) };
  }
  return block.made;
}

/** About as many bytes as the resources take in a response. */
export function sizeOfResources(resources: readonly XdsResource[]): number {
  let bytes = 0;
  for (const resource of resources) bytes += resource.bytes.length + 2 * resource.name.length;
  return bytes;
}
