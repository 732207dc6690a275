import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../../tools/local-stack/egress-proxy/egress-proxy.ts', import.meta.url));

/** The address that the bank has registered for us. */
export const STATIC_ADDRESS = '127.0.0.2';

/** A forward proxy of its own process, with the registered address, that reaches whatever listens on this machine. */
export class RunningProxy {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {}

  /** @param port that of a proxy that was here before; 0: a free one */
  static async start(port = 0): Promise<RunningProxy> {
    const argv = [PROGRAM, '--allow', '127.0.0.1:*', '--source-address', STATIC_ADDRESS, '--exit-with-parent'];
    const child: ChildProcess = spawn(process.execPath, [...argv, '--port', `${port}`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    if (child.stdout === null) throw new Error('the proxy has no output');
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    return new RunningProxy((JSON.parse(String(line)) as { url: string }).url, child);
  }

  /** As the service calls it in its log and its metrics. */
  get name(): string {
    return new URL(this.url).host;
  }

  /** Its tunnels end with it. */
  async stop(): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Another one at the same address. */
  again(): Promise<RunningProxy> {
    return RunningProxy.start(Number(new URL(this.url).port));
  }
}
