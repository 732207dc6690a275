import { describe, expect, it } from '@jest/globals';
import { waitFor } from '../src/index.ts';

describe('waiting for a condition', () => {
  it('gives what the condition gave, at once where it holds already', async () => {
    let asked = 0;
    const value = await waitFor('a number', () => {
      asked += 1;
      return 42;
    });
    expect([value, asked]).toEqual([42, 1]);
  });

  it('asks again while the answer is undefined, false or an error', async () => {
    const answers: (() => string | undefined | false)[] = [
      () => undefined,
      () => false,
      () => {
        throw new Error('not yet');
      },
      () => 'there',
    ];
    expect(await waitFor('the fourth answer', () => answers.shift()?.())).toBe('there');
    expect(answers).toEqual([]);
  });

  it('takes zero, the empty text and null for answers', async () => {
    expect(await waitFor('zero', () => 0)).toBe(0);
    expect(await waitFor('an empty text', async () => '')).toBe('');
    expect(await waitFor('null', () => null)).toBeNull();
  });

  it('fails at the deadline with the name of what it waited for and the last error', async () => {
    const last = new Error('the table is empty');
    const failure: unknown = await waitFor('a paid payment', () => Promise.reject(last), 50).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(Error);
    expect(failure).toMatchObject({ message: 'waited 50 ms in vain for a paid payment', cause: last });
  });

  it('does not blame an error that was over before the deadline', async () => {
    let asked = 0;
    const condition = (): false => {
      asked += 1;
      if (asked === 1) throw new Error('only at first');
      return false;
    };
    await expect(waitFor('nothing', condition, 100)).rejects.toMatchObject({ cause: undefined });
    expect(asked).toBeGreaterThan(1);
  });

  it('fails at the deadline even where the condition itself never answers', async () => {
    await expect(waitFor('a silent server', () => new Promise<true>(() => undefined), 50)).rejects.toThrow(
      'waited 50 ms in vain for a silent server',
    );
  });
});
