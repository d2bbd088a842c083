import type { Server, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { HealthImplementation } from 'grpc-health-check';

import type { CallGate } from '../calls/call-gate.js';
import { grpcErrorOf } from '../errors/grpc-error.js';
import { grpcFacts, type UnaryCall } from '../grpc/grpc-calls.js';

type Method = (call: UnaryCall, callback?: (status: unknown) => void) => void;

/** Adds grpc.health.v1 to `server`; unless it is public, it answers only to who is known here. */
export function addHealth(server: Server, health: HealthImplementation, gate: CallGate, isPublic: boolean): void {
  if (isPublic) {
    health.addToServer(server);
    return;
  }
  const guarding = {
    addService(service: ServiceDefinition, implementation: UntypedServiceImplementation): void {
      const guarded = Object.entries(implementation).map(([name, method]) => [name, guard(method as Method, gate)]);
      server.addService(service, Object.fromEntries(guarded) as UntypedServiceImplementation);
    },
  };
  health.addToServer(guarding);
}

function guard(method: Method, gate: CallGate): Method {
  return (call, callback) => {
    try {
      gate.contextOf(grpcFacts('Health', call, {}));
    } catch (error) {
      if (callback === undefined) call.emit('error', grpcErrorOf(error));
      else callback(grpcErrorOf(error));
      return;
    }
    method(call, callback);
  };
}
