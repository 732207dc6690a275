import { describe, expect, it } from '@jest/globals';
import { LONG_MS, runProgram } from './run-program.ts';

const run = (args: readonly string[], once?: (stdin: NodeJS.WritableStream) => void): ReturnType<typeof runProgram> =>
  runProgram('end-when-told.ts', { args, ...(once === undefined ? {} : { once }) });

describe('a process', () => {
  it(
    'that cannot go on finishes its work, says why and ends with 1, so that somebody starts it again',
    async () => {
      const { code, said } = await run([], (stdin) => void stdin.write('end\n'));
      expect(code).toBe(1);
      expect(said).toContain('deaf for good');
      expect(said).toContain('the work is finished');
    },
    LONG_MS,
  );

  it(
    'ends in order with 0 when its parent is gone, if it was told to',
    async () => {
      const { code, said } = await run(['--exit-with-parent'], (stdin) => void stdin.end());
      expect(code).toBe(0);
      expect(said).toContain('the work is finished');
    },
    LONG_MS,
  );

  it(
    'that cannot start ends with 1, one that is told what it does not know with 2',
    async () => {
      const [failing, asked] = await Promise.all([run(['--fails']), run(['--fast'])]);
      expect(failing.code).toBe(1);
      expect(failing.said).toContain('Tolem could not start: Error: nobody is there');
      expect(asked).toMatchObject({ code: 2, said: 'Unknown option --fast. See --help.\n' });
    },
    LONG_MS,
  );
});
