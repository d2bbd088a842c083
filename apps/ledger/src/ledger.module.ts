import { Module, type DynamicModule, type Provider } from '@nestjs/common';

import { ExecutionsGrpcController } from './executions/executions.grpc-controller.js';
import { ExecutionsHttpController } from './executions/executions.http-controller.js';
import { HealthHttpController } from './health/health.http-controller.js';
import { OpenApiHttpController } from './http/openapi.http-controller.js';
import { KeysGrpcController } from './keys/keys.grpc-controller.js';
import { KeysHttpController } from './keys/keys.http-controller.js';
import { LineageGrpcController } from './lineage/lineage.grpc-controller.js';
import { LineageHttpController } from './lineage/lineage.http-controller.js';
import { TilesHttpController } from './lineage/tiles.http-controller.js';
import { PoliciesGrpcController } from './policies/policies.grpc-controller.js';
import { PoliciesHttpController } from './policies/policies.http-controller.js';

/** The controllers, with what `start-server.ts` made under the names of `injection.ts`. */
@Module({})
export class LedgerModule {
  static with(values: Readonly<Record<string, unknown>>): DynamicModule {
    const providers: Provider[] = Object.entries(values).map(([provide, useValue]) => ({ provide, useValue }));
    return {
      module: LedgerModule,
      providers,
      controllers: [
        ExecutionsGrpcController,
        PoliciesGrpcController,
        ExecutionsHttpController,
        PoliciesHttpController,
        LineageGrpcController,
        LineageHttpController,
        TilesHttpController,
        KeysGrpcController,
        KeysHttpController,
        HealthHttpController,
        OpenApiHttpController,
      ],
    };
  }
}
