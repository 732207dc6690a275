import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const PROGRAM = fileURLToPath(new URL('./programs/end-when-told.ts', import.meta.url));
const FLAGS = ['--conditions=@tolem/source', '--experimental-transform-types', '--disable-warning=ExperimentalWarning'];
/** Compiling what it stands on, on a machine that does other things. */
const LONG_MS = 60_000;

/** Runs the program until it ends; `once` is called when it serves. */
async function run(
  args: readonly string[],
  once: (stdin: NodeJS.WritableStream) => void = () => undefined,
): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [...FLAGS, PROGRAM, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], TOLEM_MANAGEMENT_PORT: '0' },
    timeout: LONG_MS,
    killSignal: 'SIGKILL',
  });
  let said = '';
  let serves = false;
  const hear = (chunk: Buffer): void => {
    said += chunk.toString('utf8');
    if (serves || !said.includes('"event":"serving"')) return;
    serves = true;
    once(child.stdin);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, said };
}

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
