import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { RequestMethod } from '@nestjs/common';

import { ExecutionsHttpController } from '../executions/executions.http-controller.js';
import { KeysHttpController } from '../keys/keys.http-controller.js';
import { LineageHttpController } from '../lineage/lineage.http-controller.js';
import { TilesHttpController } from '../lineage/tiles.http-controller.js';
import { HealthHttpController } from '../health/health.http-controller.js';
import { PoliciesHttpController } from '../policies/policies.http-controller.js';
import { OpenApiHttpController } from './openapi.http-controller.js';
import { openApiDocument } from './openapi.js';

const controllers = [
  ExecutionsHttpController,
  PoliciesHttpController,
  KeysHttpController,
  LineageHttpController,
  TilesHttpController,
  HealthHttpController,
  OpenApiHttpController,
];

/** `get /v1/{tenant}/…` of every decorated method. */
function routesOf(controller: { prototype: object }): string[] {
  const prefix = Reflect.getMetadata(PATH_METADATA, controller) as string;
  const methods = Object.getOwnPropertyNames(controller.prototype).filter((name) => name !== 'constructor');
  return methods.flatMap((name) => {
    const method = (controller.prototype as Record<string, unknown>)[name] as object;
    const path = Reflect.getMetadata(PATH_METADATA, method) as string | undefined;
    if (path === undefined) return [];
    const verb = RequestMethod[Reflect.getMetadata(METHOD_METADATA, method) as number]!.toLowerCase();
    return [
      `${verb} ${[prefix, path]
        .map((part) => part.replace(/^\/|\/$/g, ''))
        .filter(Boolean)
        .join('/')}`,
    ];
  });
}

describe('the OpenAPI document', () => {
  const document = openApiDocument() as {
    paths: Record<string, Record<string, { operationId: string }>>;
    components: { schemas: object };
  };

  it('describes every route that there is, and no other', () => {
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((verb) => `${verb} ${path.slice(1)}`),
    );
    const real = controllers.flatMap(routesOf).map((route) => route.replace(/:(\w+)/g, '{$1}').replace('*', '{path}'));
    expect(described.sort()).toEqual(real.sort());
  });

  it('has unique operation ids, and no reference that leads nowhere', () => {
    const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map((one) => one.operationId));
    expect(new Set(ids).size).toBe(ids.length);
    const references = JSON.stringify(document).match(/#\/components\/schemas\/\w+/g) ?? [];
    for (const reference of references) expect(document.components.schemas).toHaveProperty(reference.split('/').pop()!);
  });

  it('tells what callers send: strict bodies, before our transforms', () => {
    const text = JSON.stringify(document.paths['/v1/{tenant}/executions/{executionId}/evaluate']);
    expect(text).toContain('"additionalProperties":false');
    expect(text).toContain('"contentEncoding":"base64"');
  });
});
