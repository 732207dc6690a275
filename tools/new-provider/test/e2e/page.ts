/** One thing that the page tells its reader to do or to look at, in the order of the page. */
export type Step =
  | { readonly do: 'run'; readonly command: string }
  | { readonly do: 'write'; readonly file: string; readonly text: string }
  /** Above the first line that holds `above`. */
  | { readonly do: 'insert'; readonly file: string; readonly above: string; readonly text: string }
  /** In place of the entry of that name in a list. */
  | { readonly do: 'replace_entry'; readonly file: string; readonly entry: string; readonly text: string }
  /** Code to look at: it has to compile. */
  | { readonly do: 'compile'; readonly text: string };

const FENCE = /^```(\w+) ([^\n]+)\n([\s\S]*?)^```$/gm;

/** @throws where a block says something that nobody understands: it would be skipped in silence. */
export function stepsOf(page: string): readonly Step[] {
  const edges = [...page.matchAll(/^```/gm)].length;
  const fences = [...page.matchAll(FENCE)];
  if (edges !== 2 * fences.length) throw new Error(`of ${edges / 2} blocks of code ${fences.length} say what to do`);
  return fences.flatMap(([, language = '', words = '', text = '']) => stepsOfBlock(language, words, text));
}

function stepsOfBlock(language: string, words: string, text: string): readonly Step[] {
  if (language === 'sh' && words === 'follow') {
    return text
      .trim()
      .split('\n')
      .map((command) => ({ do: 'run', command }));
  }
  if (language === 'ts' && words === 'check') return [{ do: 'compile', text }];
  const match = /^file=(\S+)(?: above="([^"]+)"| entry=(\w+))?$/.exec(words);
  const [, file, above, entry] = match ?? [];
  if (language !== 'ts' || file === undefined) throw new Error(`nobody knows what to do with "${language} ${words}"`);
  if (above !== undefined) return [{ do: 'insert', file, above, text }];
  if (entry !== undefined) return [{ do: 'replace_entry', file, entry, text }];
  return [{ do: 'write', file, text }];
}

/** The words that the page explains, by the type that they are words of: first columns of the tables under headings. */
export function vocabularyOf(page: string): ReadonlyMap<string, readonly string[]> {
  const sections = page.matchAll(/^### `(\w+)`\n([\s\S]*?)(?=^#|(?![\s\S]))/gm);
  return new Map(
    [...sections].map(([, type = '', section = '']) => [
      type,
      [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, word = '']) => word),
    ]),
  );
}

/** A text with a step of the page done to it. */
export function edited(text: string, step: Extract<Step, { do: 'insert' | 'replace_entry' }>): string {
  if (step.do === 'insert') {
    const lines = text.split('\n');
    const place = lines.findIndex((line) => line.includes(step.above));
    if (place < 0) throw new Error(`${step.file} has no line with ${step.above}`);
    return [...lines.slice(0, place), step.text.replace(/\n$/, ''), ...lines.slice(place)].join('\n');
  }
  const entry = new RegExp(`^  \\{\\n    name: '${step.entry}',\\n[\\s\\S]*?^  \\},\\n`, 'm');
  if (!entry.test(text)) throw new Error(`${step.file} has no entry of ${step.entry}`);
  return text.replace(entry, () => step.text);
}
