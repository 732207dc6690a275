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

/**
 * UTF-8 text of a stream of bytes, piece by piece, without its byte order mark.
 * @throws ApiProblem 400 that names the line where the text is no UTF-8, 413 beyond `maxBytes`
 */
export async function* csvText(bytes: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let total = 0;
  let line = 1;
  const decoded = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (error) {
      throw csvRefused(
        line + validLines(chunk),
        'wrong_encoding',
        error instanceof TypeError ? WRONG_ENCODING : 'unreadable',
      );
    }
  };
  for await (const chunk of bytes) {
    total += chunk.byteLength;
    if (total > maxBytes) {
      throw new ApiProblem(413, 'body_too_large', `A file may have at most ${maxBytes / 1024 / 1024} MiB.`);
    }
    const text = decoded(chunk);
    line += linesIn(text);
    yield text;
  }
  yield decoded();
}

/** Line ends before the first byte that is no UTF-8. */
function validLines(chunk: Uint8Array | undefined): number {
  if (chunk === undefined) return 0;
  const lenient = new TextDecoder('utf-8').decode(chunk);
  const at = lenient.indexOf('\u{fffd}');
  return linesIn(at < 0 ? lenient : lenient.slice(0, at));
}

function linesIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
