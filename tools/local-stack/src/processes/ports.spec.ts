import { createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { anyFreePort, choosePort, isPortFree } from './ports.ts';

describe('ports', () => {
  it('a taken default gives way to the next free one', async () => {
    const busy = new Set([8080, 8081]);
    const port = await choosePort({ preferred: 8080 }, new Set([8082]), async (wanted) => !busy.has(wanted));
    expect(port).toBe(8083);
  });

  it('a port that was asked for and is taken is refused by its number', async () => {
    await expect(choosePort({ asked: 8123 }, new Set(), async () => false)).rejects.toThrow('Port 8123 is taken');
    await expect(choosePort({ asked: 8123 }, new Set([8123]), async () => true)).rejects.toThrow('Port 8123 is taken');
  });

  it('the search for a free port ends', async () => {
    let asked = 0;
    const none = async (): Promise<boolean> => {
      asked += 1;
      return false;
    };
    await expect(choosePort({ preferred: 65_500 }, new Set(), none)).rejects.toThrow('No free port');
    expect(asked).toBe(36);
  });

  it('tells a port that somebody listens on from a free one', async () => {
    const port = await anyFreePort();
    expect(await isPortFree(port)).toBe(true);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    try {
      expect(await isPortFree(port)).toBe(false);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
