import type { HttpConfig } from '../../config.ts';
import { hasNoBody } from '../../message/body-rules.ts';
import type { HeaderList } from '../../message/header-list.ts';
import { responseFault, shown } from '../../message/fault.ts';
import { announcedFraming, type Framing, NO_FRAMING } from './framing.ts';
import { HeadFields, readFieldLines } from './head-fields.ts';
import { keepsAlive } from './request-head.ts';

/** The head of an answer, final or interim, understood. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: HeaderList;
  /** Of this answer to this request: `none` also where fields speak of a body that does not follow. */
  readonly framing: Framing;
  /** What Content-Length says, where it is about a body that does not follow too. */
  readonly announcedBytes: number | undefined;
  readonly keepAlive: boolean;
  /** What the server changes to; with 101 only. */
  readonly upgrade: string | undefined;
}

/** Reads a whole head. `method` is that of the request it answers. */
export function parseResponseHead(text: string, method: string, config: HttpConfig): ResponseHead {
  const lineEnd = text.indexOf('\r\n');
  const line = text.slice(0, lineEnd);
  const [, minor, code] = STATUS_LINE.exec(line) ?? [];
  if (code === undefined) throw responseFault(`expected a status line, got ${shown(line)}`);
  const version = minor === '1' ? '1.1' : '1.0';
  const status = Number(code);
  const fields = new HeadFields();
  const options = { maxCount: config.maxHeaderCount, fault: responseFault };
  readFieldLines(text, lineEnd + 2, options, (name, value) => fields.add(name, value));
  fields.settle();
  const announced = announcedFraming(fields, version, responseFault);
  return {
    status,
    headers: fields.headers,
    framing: hasNoBody(method, status) ? NO_FRAMING : (announced ?? { kind: 'close' }),
    announcedBytes: bytesOf(announced),
    keepAlive: keepsAlive(version, fields.connection),
    upgrade: status === 101 ? fields.upgrade.join(', ').toLowerCase() : undefined,
  };
}

function bytesOf(framing: Framing | undefined): number | undefined {
  if (framing?.kind === 'none') return 0;
  return framing?.kind === 'length' ? framing.bytes : undefined;
}

/** RFC 9112 §4; the reason is for people, and some leave out the space before an empty one. */
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
