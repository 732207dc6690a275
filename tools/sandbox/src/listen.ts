import type { Server } from 'node:net';

/** Starts listening and returns the port; a port in use becomes one clear sentence. */
export function listen(server: Server, port: number, host: string, option: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (problem: NodeJS.ErrnoException) => {
      reject(new Error(sentence(problem, port, host, option), { cause: problem }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function sentence(problem: NodeJS.ErrnoException, port: number, host: string, option: string): string {
  if (problem.code === 'EADDRINUSE') return `Port ${port} on ${host} is in use: free it or choose another ${option}.`;
  if (problem.code === 'EACCES') return `Port ${port} on ${host} needs more rights: choose another ${option}.`;
  if (problem.code === 'EADDRNOTAVAIL') return `This machine has no address ${host}: choose another --host.`;
  return `Cannot listen on ${host}:${port} (${problem.code ?? problem.message}).`;
}
