import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { DeltaResponse, ResourceBlock, XdsResource } from '../../xds/index.ts';
import { WireError } from '../errors.ts';
import { frameMessage, MESSAGE_HEAD_BYTES } from '../grpc/message-framing.ts';

/**
 * The envelope of discovery responses, by hand: a first response holds a whole mesh, and one resource goes to every
 * proxy. Each resource is framed once, and a response is those frames laid end to end with a header behind them
 * (protobuf allows any order of fields). The numbers are those of proto/discovery.proto; a test holds the two equal.
 */
const RESPONSE = { systemVersion: 1, resources: 2, typeUrl: 4, nonce: 5, removed: 6 } as const;
const RESOURCE = { version: 1, resource: 2, name: 3, aliases: 4 } as const;
const ANY = { typeUrl: 1, value: 2 } as const;

const frames = new WeakMap<XdsResource, Uint8Array>();
/** A proxy that starts gets everything: its blocks are laid out once for all that start. */
const laidOut = new WeakMap<ResourceBlock, Uint8Array>();

/** A response that is the same for all, as it goes out. */
interface Whole {
  readonly response: DeltaResponse;
  readonly frame: Buffer;
}

/**
 * What the last proxy that asked for everything of a type got, which the next one mostly gets too, its number included.
 * By type, of which there are a handful. The responses that are being sent hold on to it, and nobody else: a mesh changes all the
 * time, and what all have taken is thirty megabytes, and resources, of a mesh that was.
 */
const lastWhole = new Map<string, WeakRef<Whole>>();
const wholeOf = new WeakMap<DeltaResponse, Whole>();

/** The buffer may be shared: it is to be read alone. */
export function encodeDeltaResponse(response: DeltaResponse): Buffer {
  return frameDeltaResponse(response).subarray(MESSAGE_HEAD_BYTES);
}

/** As it stands in the body of a gRPC stream. The buffer may be shared: it is to be read alone. */
export function frameDeltaResponse(response: DeltaResponse): Buffer {
  if (!isWhole(response)) return layOut(response);
  const last = lastWhole.get(response.typeUrl)?.deref();
  if (last !== undefined && areSame(last.response, response)) {
    wholeOf.set(response, last);
    return last.frame;
  }
  const whole = { response, frame: layOut(response) };
  wholeOf.set(response, whole);
  lastWhole.set(response.typeUrl, new WeakRef(whole));
  return whole.frame;
}

/** Has blocks, and nothing that is one proxy's own. */
function isWhole({ blocks = [], resources, removed }: DeltaResponse): boolean {
  return blocks.length > 0 && resources.length === 0 && removed.length === 0;
}

function areSame(one: DeltaResponse, other: DeltaResponse): boolean {
  const [blocks, others] = [one.blocks ?? [], other.blocks ?? []];
  if (one.nonce !== other.nonce || one.systemVersion !== other.systemVersion) return false;
  if (blocks.length !== others.length) return false;
  return blocks.every((block, index) => block === others[index]);
}

function layOut(response: DeltaResponse): Buffer {
  const { typeUrl, nonce, systemVersion, resources, removed } = response;
  const header = new BinaryWriter();
  header.tag(RESPONSE.systemVersion, WireType.LengthDelimited).string(systemVersion);
  header.tag(RESPONSE.typeUrl, WireType.LengthDelimited).string(typeUrl);
  header.tag(RESPONSE.nonce, WireType.LengthDelimited).string(nonce);
  for (const name of removed) header.tag(RESPONSE.removed, WireType.LengthDelimited).string(name);
  const shared = (response.blocks ?? []).map((block) => bytesOf(block, typeUrl));
  const single = resources.map((resource) => frameOf(resource, typeUrl));
  return frameMessage([...shared, ...single, header.finish()]);
}

/** The resources' bytes are views of `bytes`, not copies. Throws WireError ERR_WIRE_DECODE. */
export function decodeDeltaResponse(bytes: Uint8Array): DeltaResponse {
  const reader = new BinaryReader(bytes);
  const resources: XdsResource[] = [];
  const removed: string[] = [];
  const texts: Record<number, string> = {};
  try {
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (type !== WireType.LengthDelimited) reader.skip(type, field);
      else if (field === RESPONSE.resources) resources.push(decodeResource(reader.bytes()));
      else if (field === RESPONSE.removed) removed.push(reader.string());
      else texts[field] = text(reader.bytes());
    }
  } catch (cause) {
    throw badResponse(bytes, cause);
  }
  return {
    typeUrl: texts[RESPONSE.typeUrl] ?? '',
    nonce: texts[RESPONSE.nonce] ?? '',
    systemVersion: texts[RESPONSE.systemVersion] ?? '',
    resources,
    removed,
  };
}

function bytesOf(block: ResourceBlock, typeUrl: string): Uint8Array {
  const known = laidOut.get(block);
  if (known !== undefined) return known;
  const bytes = Buffer.concat(block.resources.map((resource) => encodeFrame(resource, typeUrl)));
  laidOut.set(block, bytes);
  return bytes;
}

function frameOf(resource: XdsResource, typeUrl: string): Uint8Array {
  const frame = frames.get(resource) ?? encodeFrame(resource, typeUrl);
  frames.set(resource, frame);
  return frame;
}

function encodeFrame(resource: XdsResource, typeUrl: string): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(RESPONSE.resources, WireType.LengthDelimited).fork();
  writer.tag(RESOURCE.version, WireType.LengthDelimited).string(resource.version);
  writer.tag(RESOURCE.resource, WireType.LengthDelimited).fork();
  writer.tag(ANY.typeUrl, WireType.LengthDelimited).string(typeUrl);
  writer.tag(ANY.value, WireType.LengthDelimited).bytes(resource.bytes);
  writer.join();
  writer.tag(RESOURCE.name, WireType.LengthDelimited).string(resource.name);
  for (const alias of resource.aliases) writer.tag(RESOURCE.aliases, WireType.LengthDelimited).string(alias);
  return writer.join().finish();
}

function decodeResource(bytes: Uint8Array): XdsResource {
  const reader = new BinaryReader(bytes);
  const aliases: string[] = [];
  let name = '';
  let version = '';
  let value: Uint8Array = NOTHING;
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type !== WireType.LengthDelimited) reader.skip(type, field);
    else if (field === RESOURCE.version) version = reader.string();
    else if (field === RESOURCE.name) name = reader.string();
    else if (field === RESOURCE.aliases) aliases.push(reader.string());
    else if (field === RESOURCE.resource) value = decodeAny(reader.bytes());
    else reader.bytes();
  }
  return { name, version, aliases, bytes: value };
}

function decodeAny(bytes: Uint8Array): Uint8Array {
  const reader = new BinaryReader(bytes);
  let value: Uint8Array = NOTHING;
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === ANY.value && type === WireType.LengthDelimited) value = reader.bytes();
    else reader.skip(type, field);
  }
  return value;
}

/** Fields that are passed over may hold anything; those that are used are read as text here. */
function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

function badResponse(bytes: Uint8Array, cause: unknown): WireError {
  return new WireError({
    code: 'ERR_WIRE_DECODE',
    blame: 'upstream',
    message: `expected envoy.service.discovery.v3.DeltaDiscoveryResponse, got ${bytes.length} bytes that are none`,
    cause,
  });
}

const NOTHING = new Uint8Array();
const decoder = new TextDecoder();
