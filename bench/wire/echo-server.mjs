/** A gRPC echo as Nest makes it, with answers as large as asked for and nothing done, to compare with. Prints its port. */
import 'reflect-metadata';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcMethod, GrpcStreamCall, Transport } from '@nestjs/microservices';

/** Answers by size, made once. */
const answers = new Map();

function answerTo({ answerBytes }) {
  const known = answers.get(answerBytes);
  if (known !== undefined) return known;
  const answer = answerBytes > 0 ? { filler: Buffer.alloc(answerBytes, 120) } : {};
  answers.set(answerBytes, answer);
  return answer;
}

class EchoController {
  unary(request) {
    return answerTo(request);
  }

  stream(call) {
    call.on('data', (request) => call.write(answerTo(request)));
    call.on('end', () => call.end());
  }
}
decorate('unary', GrpcMethod('Echo', 'Unary'));
decorate('stream', GrpcStreamCall('Echo', 'Stream'));
Controller()(EchoController);

class EchoModule {}
Module({ controllers: [EchoController] })(EchoModule);

function decorate(name, decorator) {
  decorator(EchoController.prototype, name, Object.getOwnPropertyDescriptor(EchoController.prototype, name));
}

/** Nest does not tell which port the system chose, so one is chosen before. */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

const port = await freePort();
const app = await NestFactory.createMicroservice(EchoModule, {
  transport: Transport.GRPC,
  logger: false,
  options: {
    package: 'writ.bench',
    protoPath: fileURLToPath(new URL('./echo.proto', import.meta.url)),
    url: `127.0.0.1:${port}`,
    // As the ledger has it.
    channelOptions: { 'grpc.max_concurrent_streams': 1024, 'grpc.enable_channelz': 0 },
  },
});
await app.listen();
console.log(JSON.stringify({ port }));
