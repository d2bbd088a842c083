import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import { readAppendBlock } from './append-request.js';
import type { FromWriter, ToWriter, WriterSettings } from './writer-message.js';
import { Writer } from './writer.js';

/*
 * The writer's thread. Group commit is the shape of its loop: whatever arrived while the last group was committed is
 * taken out of the port at once and becomes the next group. Nobody waits for company, and nobody's sync is his alone
 * when there is company.
 */
function serve(port: MessagePort): void {
  const post = (message: FromWriter): void => port.postMessage(message);
  // Closing the port delivers what was posted; with it open no longer, nothing keeps the thread alive.
  const writer = new Writer(workerData as WriterSettings, post, () => port.close());
  port.on('message', (first: ToWriter) => {
    handle(writer, [first, ...waiting(port)]);
  });
  writer.start();
}

function handle(writer: Writer, messages: readonly ToWriter[]): void {
  const blocks = messages.filter((message) => message.kind === 'appends');
  if (blocks.length > 0) writer.append(blocks.flatMap((block) => readAppendBlock(block.buffer, block.used)));
  for (const message of messages) {
    switch (message.kind) {
      case 'appends':
        break;
      case 'probe':
        writer.probe(message.probeId);
        break;
      case 'close':
        writer.close();
    }
  }
}

function waiting(port: MessagePort): ToWriter[] {
  const messages: ToWriter[] = [];
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    messages.push(next.message as ToWriter);
  }
  return messages;
}

if (parentPort !== null) serve(parentPort);
