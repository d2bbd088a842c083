import { status, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { ClusterInfo, EndPoint, MemberInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import { SupportedMethod, SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type { Empty } from '@eventstore/db-client/generated/shared_pb.js';
import { callError, unavailableError, uuidOf } from './messages.js';
import type { DoubleNode } from './node.js';

const SERVER_VERSION = '23.10.6';
const METHODS = {
  'event_store.client.streams.streams': ['read', 'append', 'delete', 'tombstone', 'batchappend'],
  'event_store.client.gossip.gossip': ['read'],
  'event_store.client.server_features.serverfeatures': ['getsupportedmethods'],
};
const FEATURES: Record<string, readonly string[]> = {
  read: ['position', 'events'],
  batchappend: ['deadline_duration'],
};

/** The client's first question; without `batchappend` in the answer it would take the unary path. */
export function getSupportedMethods(
  node: DoubleNode,
  _call: ServerUnaryCall<Empty, SupportedMethods>,
  callback: sendUnaryData<SupportedMethods>,
): void {
  switch (node.faults.takeForFeatures()) {
    case 'never_answer':
      return;
    case 'unavailable':
      return callback(unavailableError());
    case 'internal':
      return callback(callError(status.UNKNOWN, 'Exception was thrown by handler.'));
    case undefined:
      return callback(null, supportedMethods());
  }
}

function supportedMethods(): SupportedMethods {
  const answer = new SupportedMethods();
  answer.setEventStoreServerVersion(SERVER_VERSION);
  for (const [service, names] of Object.entries(METHODS)) {
    for (const name of names) {
      const method = new SupportedMethod();
      method.setServiceName(service);
      method.setMethodName(name);
      method.setFeaturesList([...(service.endsWith('.streams') ? (FEATURES[name] ?? []) : [])]);
      answer.addMethods(method);
    }
  }
  return answer;
}

/** Who is in the cluster: this node, and the leader where that is another one. */
export function gossip(
  node: DoubleNode,
  _call: ServerUnaryCall<Empty, ClusterInfo>,
  callback: sendUnaryData<ClusterInfo>,
): void {
  const info = new ClusterInfo();
  info.addMembers(member(node.leader.host, node.leader.port, MemberInfo.VNodeState.LEADER, 1));
  if (node.isFollower) {
    info.addMembers(member(node.endpoint.host, node.endpoint.port, MemberInfo.VNodeState.FOLLOWER, 2));
  }
  callback(null, info);
}

function member(host: string, port: number, state: MemberInfo.VNodeState, number: number): MemberInfo {
  const endpoint = new EndPoint();
  endpoint.setAddress(host);
  endpoint.setPort(port);
  const info = new MemberInfo();
  info.setInstanceId(uuidOf(`00000000-0000-4000-8000-00000000000${number}`));
  info.setTimeStamp('0');
  info.setState(state);
  info.setIsAlive(true);
  info.setHttpEndPoint(endpoint);
  return info;
}
