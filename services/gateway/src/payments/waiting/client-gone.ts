import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

/** Given as the reason so that none is made, with a stack, at the end of every request. */
const GONE = 'the client is gone';

/** An AbortSignal that fires when the client has hung up, or has got its answer. */
export const ClientGone = createParamDecorator((_: unknown, context: ExecutionContext): AbortSignal => {
  const { raw } = context.switchToHttp().getResponse<FastifyReply>();
  const gone = new AbortController();
  raw.once('close', () => gone.abort(GONE));
  if (raw.destroyed) gone.abort(GONE);
  return gone.signal;
});
