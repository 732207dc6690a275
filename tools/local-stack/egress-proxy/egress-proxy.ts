// A forward proxy for one machine: it stands where a chain's own proxy with the static address would. It opens tunnels
// with CONNECT to the addresses of its list, from a source address of its own, and does nothing else. It imports nothing
// but Node, so that Node runs it as it is: node tools/local-stack/egress-proxy/egress-proxy.ts --help
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { parseArgs } from 'node:util';

export const HELP = `Usage: egress-proxy --allow HOST:PORT [options]

  --allow HOST:PORT       a target that may be reached; more of them: --allow again; \`*\` as port means any
  --port N                port to listen on; default: a free one
  --host ADDRESS          loopback address to listen on; default 127.0.0.1
  --source-address IP     address that outgoing connections come from; default: what the system picks
  --exit-with-parent      end when standard input ends
  --help                  this text

It writes one line when it serves: {"event":"ready","url":"http://127.0.0.1:3128"}
`;

export interface EgressProxyOptions {
  /** `host:port`, or `host:*`; nothing else is reached. */
  readonly allow: readonly string[];
  readonly host?: string;
  /** 0 or absent: a free one. */
  readonly port?: number;
  readonly sourceAddress?: string;
}

export interface EgressProxy {
  readonly url: string;
  /** Tunnels opened so far, and CONNECTs that were refused by the list. */
  counts(): { opened: number; refused: number };
  close(): Promise<void>;
}

const MAX_TUNNELS = 1_000;
/** Below the time that the gateway's services give to connecting, so that they hear from us which side is away. */
const CONNECT_TIMEOUT_MS = 2_000;
const MAX_PORT = 65_535;

/** A mistake on the command line, told as one sentence. */
class UsageError extends Error {}

/** Starts the proxy; resolves when it listens. */
export async function startEgressProxy(options: EgressProxyOptions): Promise<EgressProxy> {
  const allowed = new Set(options.allow.map((target) => target.toLowerCase()));
  const open = new Set<Duplex>();
  const counts = { opened: 0, refused: 0 };
  const server = createServer((_, response) => {
    response.writeHead(405, { allow: 'CONNECT', 'content-length': 0 }).end();
  });
  server.maxConnections = MAX_TUNNELS;
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
  });
  server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    const target = targetOf(request.url ?? '');
    if (target === undefined) return refuse(client, '400 Bad Request');
    if (!allowed.has(`${target.host}:${target.port}`) && !allowed.has(`${target.host}:*`)) {
      counts.refused += 1;
      return refuse(client, '403 Forbidden');
    }
    const onward = connect({
      ...target,
      ...(options.sourceAddress === undefined
        ? {}
        : { localAddress: options.sourceAddress, family: isIP(options.sourceAddress) }),
    });
    open.add(onward);
    onward.setTimeout(CONNECT_TIMEOUT_MS, () => {
      refuse(client, '504 Gateway Timeout');
      onward.destroy();
    });
    onward.on('error', () => refuse(client, '502 Bad Gateway'));
    onward.on('close', () => {
      open.delete(onward);
      client.destroy();
    });
    client.on('close', () => onward.destroy());
    onward.on('connect', () => {
      counts.opened += 1;
      tunnel(client, onward, head);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  const { address, port, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    counts: () => ({ ...counts }),
    async close() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function tunnel(client: Duplex, onward: Socket, head: Buffer): void {
  onward.setTimeout(0);
  onward.setNoDelay(true);
  client.write('HTTP/1.1 200 Connection established\r\n\r\n');
  if (head.length > 0) onward.write(head);
  client.pipe(onward).pipe(client);
}

function refuse(client: Duplex, status: string): void {
  if (!client.destroyed && client.writable)
    client.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

/** The target of a CONNECT, or undefined where it is none (RFC 9110 §9.3.6: always host and port). */
function targetOf(authority: string): { host: string; port: number } | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-f:.]+)\]|([^:/?#@\s]+)):(\d{1,5})$/i.exec(authority) ?? [];
  const [host, port] = [(bracketed ?? plain)?.toLowerCase(), Number(digits)];
  return host === undefined || port < 1 || port > MAX_PORT ? undefined : { host, port };
}

interface CommandLine {
  readonly options: EgressProxyOptions;
  readonly exitWithParent: boolean;
}

function commandLine(argv: readonly string[]): CommandLine | 'help' {
  const { values } = parsed(argv);
  if (values.help === true) return 'help';
  const allow = values.allow ?? [];
  if (allow.length === 0) throw new UsageError('--allow is needed: an open proxy helps nobody');
  const wrong = allow.find((target) => !/^[^\s/]+:(\d{1,5}|\*)$/.test(target));
  if (wrong !== undefined) throw new UsageError(`--allow ${wrong} is not HOST:PORT`);
  const port = Number(values.port ?? 0);
  if (!/^\d{1,5}$/.test(values.port ?? '0') || port > MAX_PORT)
    throw new UsageError(`--port ${values.port ?? ''} is no port`);
  const host = values.host ?? '127.0.0.1';
  if (!/^127\.|^::1$/.test(host))
    throw new UsageError('--host must be a loopback address: anybody could use it otherwise');
  const sourceAddress = values['source-address'];
  if (sourceAddress !== undefined && isIP(sourceAddress) === 0) {
    throw new UsageError(`--source-address ${sourceAddress} is no IP address`);
  }
  return {
    options: { allow, host, port, ...(sourceAddress === undefined ? {} : { sourceAddress }) },
    exitWithParent: values['exit-with-parent'] === true,
  };
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        allow: { type: 'string', multiple: true },
        host: { type: 'string' },
        port: { type: 'string' },
        'source-address': { type: 'string' },
        'exit-with-parent': { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function main(): Promise<void> {
  const command = commandLine(process.argv.slice(2));
  if (command === 'help') {
    process.stdout.write(HELP);
    return;
  }
  const proxy = await startEgressProxy(command.options);
  const stop = (): void => {
    void proxy.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  // Whoever reads our output may be gone; that must not end the tunnels.
  process.stdout.on('error', () => undefined);
  if (command.exitWithParent) process.stdin.once('end', stop).once('error', stop).resume();
  process.stdout.write(`${JSON.stringify({ event: 'ready', url: proxy.url })}\n`);
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    process.stderr.write(`egress-proxy: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(error instanceof UsageError ? 2 : 1);
  });
}
