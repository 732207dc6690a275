import { TextDecoder } from 'node:util';
import { ApiProblem } from '../http/api-problem.ts';

/** An upload that cannot be read as a whole; nothing of it was carried out. */
export function csvRefused(line: number, code: string, detail: string): ApiProblem {
  const sentence = `Line ${line}: ${detail}.`;
  return new ApiProblem(400, 'invalid_csv', `The file cannot be read. ${sentence}`, {
    errors: [{ pointer: `line ${line}`, code, detail: sentence }],
    extra: { line },
  });
}

const WRONG_ENCODING = 'the text is not UTF-8: save the file as CSV UTF-8';
const CARRIAGE_RETURN = /\r\n?/g;

/**
 * UTF-8 text of a stream of bytes, piece by piece, without its byte order mark; every line ends with `\n` alone, so that
 * whoever reads it counts lines as people do.
 * @throws ApiProblem 400 that names the line where the text is no UTF-8 or holds a NUL, 413 beyond `maxBytes`
 */
export async function* csvText(bytes: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let total = 0;
  let line = 1;
  /** A `\r` at the end of a piece: whether a `\n` belongs to it shows in the next one. */
  let held = '';
  const decoded = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (error) {
      const detail = error instanceof TypeError ? WRONG_ENCODING : 'unreadable';
      throw csvRefused(line + validLines(held, chunk), 'wrong_encoding', detail);
    }
  };
  const cleaned = (text: string): string => {
    const whole = held + text;
    const nul = whole.indexOf('\0');
    if (nul >= 0) {
      throw csvRefused(line + linesIn(unified(whole.slice(0, nul))), 'control_character', 'there is a NUL character');
    }
    held = whole.endsWith('\r') ? '\r' : '';
    const clean = unified(whole.slice(0, whole.length - held.length));
    line += linesIn(clean);
    return clean;
  };
  for await (const chunk of bytes) {
    total += chunk.byteLength;
    if (total > maxBytes) {
      throw new ApiProblem(413, 'body_too_large', `A file may have at most ${maxBytes / 1024 / 1024} MiB.`);
    }
    yield cleaned(decoded(chunk));
  }
  yield cleaned(decoded());
  if (held !== '') yield '\n';
}

/** Line ends before the first byte that is no UTF-8. */
function validLines(before: string, chunk: Uint8Array | undefined): number {
  const lenient = before + new TextDecoder('utf-8').decode(chunk);
  const at = lenient.indexOf('\u{fffd}');
  return linesIn(unified(at < 0 ? lenient : lenient.slice(0, at)));
}

const unified = (text: string): string => (text.includes('\r') ? text.replaceAll(CARRIAGE_RETURN, '\n') : text);

function linesIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
