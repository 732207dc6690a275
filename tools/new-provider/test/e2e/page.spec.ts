import { describe, expect, it } from '@jest/globals';
import { edited, stepsOf, vocabularyOf } from './page.ts';

const block = (words: string, text: string): string => `\`\`\`${words}\n${text}\n\`\`\`\n`;

describe('following a page', () => {
  it('every block is a step, in the order of the page, and each command one of its own', () => {
    const page = [
      block('sh follow', 'one\ntwo'),
      block('ts check', 'a;'),
      block('ts file=b.ts', 'b;'),
      block('ts file=c.ts above="x y"', 'c;'),
      block('ts file=d.ts entry=acme', 'd;'),
    ];
    expect(stepsOf(`Text\n\n${page.join('\nText\n\n')}`)).toEqual([
      { do: 'run', command: 'one' },
      { do: 'run', command: 'two' },
      { do: 'compile', text: 'a;\n' },
      { do: 'write', file: 'b.ts', text: 'b;\n' },
      { do: 'insert', file: 'c.ts', above: 'x y', text: 'c;\n' },
      { do: 'replace_entry', file: 'd.ts', entry: 'acme', text: 'd;\n' },
    ]);
  });

  it.each(['sh', 'ts', '', 'sh folow', 'ts file=a.ts below="x"', 'js file=a.js'])(
    'a block "%s" that says nothing understandable is an error, never skipped',
    (words) => {
      expect(() => stepsOf(`${block(words, 'x')}${block('sh follow', 'true')}`)).toThrow();
    },
  );

  it('an edit that finds no place is an error', () => {
    const insert = { do: 'insert', file: 'a.ts', above: 'b', text: 'new\n' } as const;
    const replace = { do: 'replace_entry', file: 'a.ts', entry: 'b', text: '  {},\n' } as const;
    expect(edited('a\nb\nc\n', insert)).toBe('a\nnew\nb\nc\n');
    expect(() => edited('a\nc\n', insert)).toThrow('no line with b');
    expect(edited("[\n  {\n    name: 'b',\n  },\n];\n", replace)).toBe('[\n  {},\n];\n');
    expect(() => edited("[\n  {\n    name: 'c',\n  },\n];\n", replace)).toThrow('no entry of b');
  });

  it('finds the words of a type in the table under its heading', () => {
    const page =
      '### `One`\n\n| word | x |\n| --- | --- |\n| `a` | `b` |\n| `c` | d |\n\n## Other\n\n| `e` | f |\n### `Two`\n| `g` |';
    expect(vocabularyOf(page)).toEqual(
      new Map([
        ['One', ['a', 'c']],
        ['Two', ['g']],
      ]),
    );
  });
});
