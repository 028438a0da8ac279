import { isToken } from '../../message/field-syntax.ts';
import { HeaderList } from '../../message/header-list.ts';
import { type Fault, shown } from '../../message/fault.ts';

/** The fields of a head: what goes on, and apart from it what is about this connection and this message's framing alone. */
export class HeadFields {
  readonly headers = new HeaderList();
  /** Every Host, Content-Length and so on, as they came: whether more than one is an error is for others to say. */
  readonly host: string[] = [];
  readonly contentLength: string[] = [];
  readonly transferEncoding: string[] = [];
  readonly expect: string[] = [];
  readonly upgrade: string[] = [];
  /** In lower case, each option for itself. */
  readonly connection: string[] = [];
  readonly te: string[] = [];

  /** Takes off what Connection names (RFC 9110 §7.6.1), and leaves TE with what it may say to others. */
  settle(): void {
    for (const option of this.connection) this.headers.remove(option);
    if (this.te.includes('trailers')) this.headers.add('te', 'trailers');
  }

  add(name: string, value: string): void {
    // Most names have another first letter and length than these; the switch is on text that is mostly in lower case.
    switch (name.toLowerCase()) {
      case 'host':
        this.host.push(value);
        return;
      case 'content-length':
        this.contentLength.push(value);
        return;
      case 'transfer-encoding':
        this.transferEncoding.push(value);
        return;
      case 'connection':
        this.connection.push(...listOf(value));
        return;
      case 'te':
        this.te.push(...listOf(value));
        return;
      case 'upgrade':
        this.upgrade.push(value);
        return;
      case 'expect':
        this.expect.push(value);
        return;
      case 'keep-alive':
      case 'proxy-connection':
        return;
      default:
        this.headers.add(name, value);
    }
  }
}

/** Reads the field lines of `text` from `start` on, each with its CRLF (RFC 9112 §5). */
export function readFieldLines(
  text: string,
  start: number,
  options: { readonly maxCount: number; readonly fault: Fault },
  add: (name: string, value: string) => void,
): void {
  const { maxCount, fault } = options;
  FIELD_LINES.lastIndex = start;
  FIELD_LINES.test(text);
  if (FIELD_LINES.lastIndex !== text.length) throw faultOfLine(text, FIELD_LINES.lastIndex, fault);
  // RFC 9110 §5.6.3 lets tabs stand around values; around these some readers do not take them off.
  if (text.includes('\t') && TAB_IN_FRAMING.test(text))
    throw fault('a tab in a field that frames the message');
  let count = 0;
  for (let offset = start; offset < text.length; ) {
    if (++count > maxCount)
      throw fault(`more than ${maxCount} header fields`, 'ERR_HTTP_HEAD_TOO_LARGE', 431);
    const colon = text.indexOf(':', offset);
    const end = text.indexOf('\r\n', colon);
    add(text.slice(offset, colon), trimmed(text, colon + 1, end));
    offset = end + 2;
  }
}

/** What is wrong with the line that begins at `offset`. */
function faultOfLine(text: string, offset: number, fault: Fault): Error {
  const end = text.indexOf('\r\n', offset);
  const line = text.slice(offset, end === -1 ? text.length : end);
  const colon = line.indexOf(':');
  if (colon === -1) return fault(`a header line without a colon: ${shown(line)}`);
  const name = line.slice(0, colon);
  // RFC 9112 §5.1, §5.2: no space before the colon, and no folded lines.
  if (!isToken(name)) return fault(`header name ${shown(name)}`);
  return fault(`the value of header ${shown(name)}: ${shown(line.slice(colon + 1))}`);
}

/** RFC 9110 §5.6.1: members of a list, in lower case, empty ones left out. */
function listOf(value: string): string[] {
  const lower = value.toLowerCase();
  if (!lower.includes(',')) return lower === '' ? [] : [lower];
  return lower
    .split(',')
    .map((member) => trimmed(member, 0, member.length))
    .filter((member) => member !== '');
}

/** Without the spaces and tabs around it (RFC 9110 §5.5). */
function trimmed(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

const TAB_IN_FRAMING = /\r\n(?:transfer-encoding|content-length):[^\r]*\t/i;

/** Any number of lines: a token, a colon without a space before it, visible characters, blanks and obs-text, CRLF. */
const FIELD_LINES = /(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*/y;
