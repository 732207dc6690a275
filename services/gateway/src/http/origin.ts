import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { GatewayRequest } from './auth.ts';

/** Where a request came from, for the audit log and for the messages that it causes. */
export interface Origin {
  readonly ip: string;
  readonly requestId: string;
  readonly traceparent: string | undefined;
}

export const CallOrigin = createParamDecorator((_: unknown, context: ExecutionContext): Origin => {
  const request = context.switchToHttp().getRequest<GatewayRequest>();
  return { ip: request.ip, requestId: request.id, traceparent: request.traceparent };
});
