import type { FastifyInstance } from 'fastify';

/** Remembers the routes, to tell a wrong method (405) from a wrong path (404). */
export class RouteBook {
  private readonly routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];

  /** Must come before the routes are registered. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ url, method }) => {
      if (url.includes('*')) return;
      const segments = url.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.]/g, '\\.')));
      this.routes.push({ pattern: new RegExp(`^${segments.join('/')}$`), methods: [method].flat() });
    });
  }

  /** The methods that the path of `url` has. */
  methodsFor(url: string): string[] {
    const path = url.split('?', 1)[0] ?? '';
    const methods = this.routes.filter(({ pattern }) => pattern.test(path)).flatMap((route) => route.methods);
    return [...new Set(methods)].sort();
  }
}
