import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Authenticator } from '../api-keys/authenticator.ts';
import { ApiProblem } from './api-problem.ts';
import type { Auth, GatewayRequest } from './auth.ts';
import { ACCESS_RULE, type AccessRule } from './requires.ts';
import { covers } from './scopes.ts';

/** Lets a request through to its controller when its caller meets the route's rule (`@Requires`, `@OperatorOnly`, …). */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const rule = this.reflector.getAllAndOverride<AccessRule | undefined>(ACCESS_RULE, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (rule === undefined) throw new Error(`${context.getClass().name} says nobody may call it`);
    if (rule.who === 'anybody') return true;
    const request = context.switchToHttp().getRequest<GatewayRequest>();
    request.auth = await this.authenticator.authenticate(request.headers.authorization, request.ip);
    authorize(rule, request.auth);
    return true;
  }
}

function authorize(rule: Exclude<AccessRule, { who: 'anybody' }>, auth: Auth): void {
  if (auth.kind === 'operator') {
    if (rule.who !== 'key') return;
    throw new ApiProblem(
      403,
      'tenant_key_required',
      "This call belongs to a tenant: use one of the tenant's API keys.",
    );
  }
  if (rule.who === 'operator') {
    throw new ApiProblem(403, 'operator_key_required', 'Only the operator of this installation may do this.');
  }
  if (covers(auth.scopes, rule.scopes)) return;
  const wanted = rule.scopes.join(' or ');
  throw new ApiProblem(403, 'scope_missing', `This API key needs the scope ${wanted}.`, {
    extra: { scope: rule.scopes[0], scopes: rule.scopes },
  });
}
