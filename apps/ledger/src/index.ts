/** The server: an open instance on two ports, gRPC and HTTP. */
export { createLogger } from './calls/call-log.js';
export { grpcStatusOf, type GrpcStatusName } from './errors/grpc-status.js';
export { httpStatusOf } from './errors/http-status.js';
export { openApiDocument } from './http/openapi.js';
export { METRICS } from './metrics/metric-table.js';
export { serve, type ServeOptions } from './serve.js';
export { startServer, type RunningServer, type ServerOptions } from './start-server.js';
