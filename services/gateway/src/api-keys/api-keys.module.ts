import { Global, Module } from '@nestjs/common';
import { AuthGuard } from '../http/auth-guard.ts';
import { ApiKeyStore } from './api-key-store.ts';
import { ApiKeysController } from './api-keys.controller.ts';
import { ApiKeys } from './api-keys.ts';
import { Authenticator } from './authenticator.ts';
import { KeyDirectory } from './key-directory.ts';
import { LastUsed } from './last-used.ts';

@Global()
@Module({
  controllers: [ApiKeysController],
  providers: [ApiKeys, ApiKeyStore, Authenticator, AuthGuard, KeyDirectory, LastUsed],
  exports: [ApiKeyStore, AuthGuard, Authenticator, KeyDirectory],
})
export class ApiKeysModule {}
