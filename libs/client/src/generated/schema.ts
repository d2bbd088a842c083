// Generated from proto/writ/v1 by tools/gen-client-schema.mjs; `npm run gen` writes it.
export const SCHEMA: object = {
  nested: {
    writ: {
      nested: {
        v1: {
          nested: {
            ExecutionService: {
              methods: {
                Evaluate: {
                  requestType: 'EvaluateRequest',
                  responseType: 'EvaluateResponse',
                },
                EvaluateBatch: {
                  requestType: 'EvaluateBatchRequest',
                  responseType: 'EvaluateBatchResponse',
                },
                EvaluateStream: {
                  requestType: 'EvaluateStreamRequest',
                  requestStream: true,
                  responseType: 'EvaluateStreamResponse',
                  responseStream: true,
                },
                Simulate: {
                  requestType: 'SimulateRequest',
                  responseType: 'SimulateResponse',
                },
                Reserve: {
                  requestType: 'ReserveRequest',
                  responseType: 'ReserveResponse',
                },
                Renew: {
                  requestType: 'RenewRequest',
                  responseType: 'RenewResponse',
                },
                Commit: {
                  requestType: 'CommitRequest',
                  responseType: 'CommitResponse',
                },
                Release: {
                  requestType: 'ReleaseRequest',
                  responseType: 'ReleaseResponse',
                },
                Reconcile: {
                  requestType: 'ReconcileRequest',
                  responseType: 'ReconcileResponse',
                },
                GetExecution: {
                  requestType: 'GetExecutionRequest',
                  responseType: 'GetExecutionResponse',
                },
                ListExecutions: {
                  requestType: 'ListExecutionsRequest',
                  responseType: 'ListExecutionsResponse',
                },
                WatchExecution: {
                  requestType: 'WatchExecutionRequest',
                  responseType: 'WatchExecutionResponse',
                  responseStream: true,
                },
              },
            },
            EvaluateRequest: {
              oneofs: {
                _ttlMs: {
                  oneof: ['ttlMs'],
                },
                _reevaluate: {
                  oneof: ['reevaluate'],
                },
              },
              fields: {
                tenant: {
                  type: 'string',
                  id: 1,
                },
                executionId: {
                  type: 'string',
                  id: 2,
                },
                intent: {
                  type: 'Intent',
                  id: 3,
                },
                holder: {
                  type: 'bytes',
                  id: 4,
                },
                noReserve: {
                  type: 'bool',
                  id: 5,
                },
                ttlMs: {
                  type: 'uint64',
                  id: 6,
                  options: {
                    proto3_optional: true,
                  },
                },
                reevaluate: {
                  type: 'string',
                  id: 7,
                  options: {
                    proto3_optional: true,
                  },
                },
              },
            },
            EvaluateResponse: {
              oneofs: {
                _grant: {
                  oneof: ['grant'],
                },
              },
              fields: {
                receipt: {
                  type: 'Receipt',
                  id: 1,
                },
                grant: {
                  type: 'Grant',
                  id: 2,
                  options: {
                    proto3_optional: true,
                  },
                },
                reissued: {
                  type: 'bool',
                  id: 3,
                },
              },
            },
            EvaluateBatchRequest: {
              fields: {
                requests: {
                  rule: 'repeated',
                  type: 'EvaluateRequest',
                  id: 1,
                },
              },
            },
            EvaluateBatchResponse: {
              fields: {
                results: {
                  rule: 'repeated',
                  type: 'EvaluateResult',
                  id: 1,
                },
              },
            },
            EvaluateResult: {
              oneofs: {
                result: {
                  oneof: ['response', 'error'],
                },
              },
              fields: {
                response: {
                  type: 'EvaluateResponse',
                  id: 1,
                },
                error: {
                  type: 'CodedError',
                  id: 2,
                },
              },
            },
            CodedError: {
              oneofs: {
                _original: {
                  oneof: ['original'],
                },
              },
              fields: {
                code: {
                  type: 'string',
                  id: 1,
                },
                kind: {
                  type: 'string',
                  id: 2,
                },
                message: {
                  type: 'string',
                  id: 3,
                },
                detailsJson: {
                  type: 'string',
                  id: 4,
                },
                original: {
                  type: 'Receipt',
                  id: 5,
                  options: {
                    proto3_optional: true,
                  },
                },
                grpcStatus: {
                  type: 'int32',
                  id: 6,
                },
              },
            },
            EvaluateStreamRequest: {
              fields: {
                correlationId: {
                  type: 'uint64',
                  id: 1,
                },
                request: {
                  type: 'EvaluateRequest',
                  id: 2,
                },
              },
            },
            EvaluateStreamResponse: {
              fields: {
                correlationId: {
                  type: 'uint64',
                  id: 1,
                },
                result: {
                  type: 'EvaluateResult',
                  id: 2,
                },
              },
            },
            SimulateRequest: {
              oneofs: {
                _policyVersion: {
                  oneof: ['policyVersion'],
                },
              },
              fields: {
                tenant: {
                  type: 'string',
                  id: 1,
                },
                executionId: {
                  type: 'string',
                  id: 2,
                },
                intent: {
                  type: 'Intent',
                  id: 3,
                },
                policyVersion: {
                  type: 'string',
                  id: 4,
                  options: {
                    proto3_optional: true,
                  },
                },
              },
            },
            SimulateResponse: {
              fields: {
                decision: {
                  type: 'Decision',
                  id: 1,
                },
                diagnosticsJson: {
                  rule: 'repeated',
                  type: 'string',
                  id: 2,
                },
              },
            },
            ReserveRequest: {
              oneofs: {
                _ttlMs: {
                  oneof: ['ttlMs'],
                },
              },
              fields: {
                tenant: {
                  type: 'string',
                  id: 1,
                },
                executionId: {
                  type: 'string',
                  id: 2,
                },
                holder: {
                  type: 'bytes',
                  id: 3,
                },
                ttlMs: {
                  type: 'uint64',
                  id: 4,
                  options: {
                    proto3_optional: true,
                  },
                },
              },
            },
            ReserveResponse: {
              fields: {
                receipt: {
                  type: 'Receipt',
                  id: 1,
                },
                grant: {
                  type: 'Grant',
                  id: 2,
                },
                reissued: {
                  type: 'bool',
                  id: 3,
                },
              },
            },
            RenewRequest: {
              oneofs: {
                _ttlMs: {
                  oneof: ['ttlMs'],
                },
              },
              fields: {
                tenant: {
                  type: 'string',
                  id: 1,
                },
                executionId: {
                  type: 'string',
                  id: 2,
                },
                attempt: {
                  type: 'uint32',
                  id: 3,
                },
                holder: {
                  type: 'bytes',
                  id: 4,
                },
                ttlMs: {
                  type: 'uint64',
                  id: 5,
                  options: {
                    proto3_optional: true,
                  },
                },
              },
            },
            RenewResponse: {
              fields: {
                receipt: {
                  type: 'Receipt',
                  id: 1,
                },
                grant: {
                  type: 'Grant',
                  id: 2,
                },
              },
            },
            CommitRequest: {
              oneofs: {
                _resultJson: {
                  oneof: ['resultJson'],
                },
              },
              fields: {
                tenant: {
                  type: 'string',
                  id: 1,
                },
                executionId: {
                  type: 'string',
                  id: 2,
                },
                attempt: {
                  type: 'uint32',
                  id: 3,
                },
                holder: {
                  type: 'bytes',
                  id: 4,
                },
                commitId: {
                  type: 'string',
                  id: 5,
                },
                outcome: {
                  type: 'RunOutcome',
                  id: 6,
                },
                parameters: {
                  type: 'string',
                  id: 7,
                },
                resultJson: {
                  type: 'string',
                  id: 8,
                  options: {
                    proto3_optional: true,
                  },
                },
              },
            },
            CommitResponse: {
              fields: {
                receipt: {
                  type: 'Receipt',
                  id: 1,
                },
              },
            },
            ReleaseRequest: {
              fields: {
                tenant: {
                  type: 'string',
                  id: 1,
                },
                executionId: {
                  type: 'string',
                  id: 2,
                },
                attempt: {
                  type: 'uint32',
                  id: 3,
                },
                holder: {
                  type: 'bytes',
                  id: 4,
                },
                reason: {
                  type: 'string',
                  id: 5,
                },
              },
            },
            ReleaseResponse: {
              fields: {
                receipt: {
                  type: 'Receipt',
                  id: 1,
                },
              },
            },
            ReconcileRequest: {
              fields: {
                tenant: {
                  type: 'string',
                  id: 1,
                },
                executionId: {
                  type: 'string',
                  id: 2,
                },
                attempt: {
                  type: 'uint32',
                  id: 3,
                },
                outcome: {
                  type: 'RunOutcome',
                  id: 4,
                },
                reason: {
                  type: 'string',
                  id: 5,
                },
              },
            },
            ReconcileResponse: {
              fields: {
                receipt: {
                  type: 'Receipt',
                  id: 1,
                },
              },
            },
            GetExecutionRequest: {
              fields: {
                tenant: {
                  type: 'string',
                  id: 1,
                },
                executionId: {
                  type: 'string',
                  id: 2,
                },
              },
            },
            GetExecutionResponse: {
              fields: {
                execution: {
                  type: 'Execution',
                  id: 1,
                },
              },
            },
            Execution: {
              oneofs: {
                _reservation: {
                  oneof: ['reservation'],
                },
              },
              fields: {
                tenant: {
                  type: 'string',
                  id: 1,
                },
                executionId: {
                  type: 'string',
                  id: 2,
                },
                state: {
                  type: 'ExecutionState',
                  id: 3,
                },
                action: {
                  type: 'string',
                  id: 4,
                },
                policyId: {
                  type: 'string',
                  id: 5,
                },
                decision: {
                  type: 'Decision',
                  id: 6,
                },
                reservation: {
                  type: 'Reservation',
                  id: 7,
                  options: {
                    proto3_optional: true,
                  },
                },
                evaluations: {
                  type: 'uint32',
                  id: 8,
                },
                attempts: {
                  type: 'uint32',
                  id: 9,
                },
                createdAt: {
                  type: 'google.protobuf.Timestamp',
                  id: 10,
                },
                updatedAt: {
                  type: 'google.protobuf.Timestamp',
                  id: 11,
                },
                revision: {
                  type: 'uint64',
                  id: 12,
                },
                blocked: {
                  type: 'bool',
                  id: 13,
                },
                events: {
                  rule: 'repeated',
                  type: 'EventReceipt',
                  id: 14,
                },
              },
            },
            ListExecutionsRequest: {
              fields: {
                tenant: {
                  type: 'string',
                  id: 1,
                },
                states: {
                  rule: 'repeated',
                  type: 'ExecutionState',
                  id: 2,
                },
                updatedFrom: {
                  type: 'google.protobuf.Timestamp',
                  id: 3,
                },
                updatedTo: {
                  type: 'google.protobuf.Timestamp',
                  id: 4,
                },
                pageSize: {
                  type: 'uint32',
                  id: 5,
                },
                pageToken: {
                  type: 'string',
                  id: 6,
                },
              },
            },
            ListExecutionsResponse: {
              fields: {
                executions: {
                  rule: 'repeated',
                  type: 'Execution',
                  id: 1,
                },
                nextPageToken: {
                  type: 'string',
                  id: 2,
                },
              },
            },
            WatchExecutionRequest: {
              fields: {
                tenant: {
                  type: 'string',
                  id: 1,
                },
                executionId: {
                  type: 'string',
                  id: 2,
                },
              },
            },
            WatchExecutionResponse: {
              fields: {
                execution: {
                  type: 'Execution',
                  id: 1,
                },
              },
            },
            Outcome: {
              values: {
                OUTCOME_UNSPECIFIED: 0,
                OUTCOME_ADMITTED: 1,
                OUTCOME_DENIED: 2,
                OUTCOME_ESCALATED: 3,
              },
            },
            RunOutcome: {
              values: {
                RUN_OUTCOME_UNSPECIFIED: 0,
                RUN_OUTCOME_SUCCEEDED: 1,
                RUN_OUTCOME_FAILED: 2,
                RUN_OUTCOME_UNKNOWN: 3,
              },
            },
            ExecutionState: {
              values: {
                EXECUTION_STATE_UNSPECIFIED: 0,
                EXECUTION_STATE_DENIED: 1,
                EXECUTION_STATE_ESCALATED: 2,
                EXECUTION_STATE_APPROVED: 3,
                EXECUTION_STATE_ADMITTED: 4,
                EXECUTION_STATE_RESERVED: 5,
                EXECUTION_STATE_LAPSED: 6,
                EXECUTION_STATE_OPEN: 7,
                EXECUTION_STATE_EXHAUSTED: 8,
                EXECUTION_STATE_UNKNOWN: 9,
                EXECUTION_STATE_COMMITTED: 10,
              },
            },
            Standing: {
              values: {
                STANDING_UNSPECIFIED: 0,
                STANDING_RECORDED: 1,
                STANDING_SEQUENCED: 2,
                STANDING_ANCHORED: 3,
              },
            },
            Signal: {
              oneofs: {
                _observedAt: {
                  oneof: ['observedAt'],
                },
                _source: {
                  oneof: ['source'],
                },
              },
              fields: {
                valueJson: {
                  type: 'string',
                  id: 1,
                },
                observedAt: {
                  type: 'string',
                  id: 2,
                  options: {
                    proto3_optional: true,
                  },
                },
                source: {
                  type: 'string',
                  id: 3,
                  options: {
                    proto3_optional: true,
                  },
                },
              },
            },
            Intent: {
              fields: {
                action: {
                  type: 'string',
                  id: 1,
                },
                subject: {
                  type: 'string',
                  id: 2,
                },
                parametersJson: {
                  type: 'string',
                  id: 3,
                },
                signals: {
                  keyType: 'string',
                  type: 'Signal',
                  id: 4,
                },
                policyId: {
                  type: 'string',
                  id: 5,
                },
              },
            },
            BatchPath: {
              fields: {
                index: {
                  type: 'uint64',
                  id: 1,
                },
                size: {
                  type: 'uint64',
                  id: 2,
                },
                path: {
                  rule: 'repeated',
                  type: 'bytes',
                  id: 3,
                },
              },
            },
            Attestation: {
              fields: {
                entry: {
                  type: 'string',
                  id: 1,
                },
                keyId: {
                  type: 'string',
                  id: 2,
                },
                batch: {
                  type: 'BatchPath',
                  id: 3,
                },
                signature: {
                  type: 'bytes',
                  id: 4,
                },
              },
            },
            Grant: {
              fields: {
                payload: {
                  type: 'string',
                  id: 1,
                },
                keyId: {
                  type: 'string',
                  id: 2,
                },
                batch: {
                  type: 'BatchPath',
                  id: 3,
                },
                signature: {
                  type: 'bytes',
                  id: 4,
                },
              },
            },
            EventReceipt: {
              oneofs: {
                _index: {
                  oneof: ['index'],
                },
                _checkpointSize: {
                  oneof: ['checkpointSize'],
                },
                _cosignedBy: {
                  oneof: ['cosignedBy'],
                },
              },
              fields: {
                revision: {
                  type: 'uint64',
                  id: 1,
                },
                eventId: {
                  type: 'string',
                  id: 2,
                },
                type: {
                  type: 'string',
                  id: 3,
                },
                typeVersion: {
                  type: 'uint32',
                  id: 4,
                },
                recordedAt: {
                  type: 'google.protobuf.Timestamp',
                  id: 5,
                },
                data: {
                  type: 'string',
                  id: 6,
                },
                attestation: {
                  type: 'Attestation',
                  id: 7,
                },
                standing: {
                  type: 'Standing',
                  id: 8,
                },
                index: {
                  type: 'uint64',
                  id: 9,
                  options: {
                    proto3_optional: true,
                  },
                },
                checkpointSize: {
                  type: 'uint64',
                  id: 10,
                  options: {
                    proto3_optional: true,
                  },
                },
                cosignedBy: {
                  type: 'uint32',
                  id: 11,
                  options: {
                    proto3_optional: true,
                  },
                },
              },
            },
            Reason: {
              fields: {
                code: {
                  type: 'string',
                  id: 1,
                },
                text: {
                  type: 'string',
                  id: 2,
                },
                signal: {
                  type: 'string',
                  id: 3,
                },
                rule: {
                  type: 'string',
                  id: 4,
                },
              },
            },
            Decision: {
              fields: {
                decisionId: {
                  type: 'string',
                  id: 1,
                },
                outcome: {
                  type: 'Outcome',
                  id: 2,
                },
                evaluation: {
                  type: 'uint32',
                  id: 3,
                },
                policyId: {
                  type: 'string',
                  id: 4,
                },
                policyVersion: {
                  type: 'string',
                  id: 5,
                },
                policyDigest: {
                  type: 'string',
                  id: 6,
                },
                rule: {
                  type: 'string',
                  id: 7,
                },
                reasons: {
                  rule: 'repeated',
                  type: 'Reason',
                  id: 8,
                },
                obligationsJson: {
                  rule: 'repeated',
                  type: 'string',
                  id: 9,
                },
                validUntil: {
                  type: 'google.protobuf.Timestamp',
                  id: 10,
                },
                evaluatedAt: {
                  type: 'google.protobuf.Timestamp',
                  id: 11,
                },
              },
            },
            Reservation: {
              fields: {
                attempt: {
                  type: 'uint32',
                  id: 1,
                },
                expiresAt: {
                  type: 'google.protobuf.Timestamp',
                  id: 2,
                },
                ttlMs: {
                  type: 'uint64',
                  id: 3,
                },
                holderHash: {
                  type: 'string',
                  id: 4,
                },
              },
            },
            Receipt: {
              oneofs: {
                _reservation: {
                  oneof: ['reservation'],
                },
              },
              fields: {
                tenant: {
                  type: 'string',
                  id: 1,
                },
                executionId: {
                  type: 'string',
                  id: 2,
                },
                decision: {
                  type: 'Decision',
                  id: 3,
                },
                reservation: {
                  type: 'Reservation',
                  id: 4,
                  options: {
                    proto3_optional: true,
                  },
                },
                events: {
                  rule: 'repeated',
                  type: 'EventReceipt',
                  id: 5,
                },
                replayed: {
                  type: 'bool',
                  id: 6,
                },
                signalsDiffer: {
                  type: 'bool',
                  id: 7,
                },
              },
            },
            PolicyService: {
              methods: {
                LintPolicy: {
                  requestType: 'LintPolicyRequest',
                  responseType: 'LintPolicyResponse',
                },
                PublishPolicy: {
                  requestType: 'PublishPolicyRequest',
                  responseType: 'PublishPolicyResponse',
                },
                ActivatePolicy: {
                  requestType: 'ActivatePolicyRequest',
                  responseType: 'ActivatePolicyResponse',
                },
                RetirePolicy: {
                  requestType: 'RetirePolicyRequest',
                  responseType: 'RetirePolicyResponse',
                },
                GetPolicy: {
                  requestType: 'GetPolicyRequest',
                  responseType: 'GetPolicyResponse',
                },
                ListPolicies: {
                  requestType: 'ListPoliciesRequest',
                  responseType: 'ListPoliciesResponse',
                },
                DiffPolicies: {
                  requestType: 'DiffPoliciesRequest',
                  responseType: 'DiffPoliciesResponse',
                },
              },
            },
            PolicyFormat: {
              values: {
                POLICY_FORMAT_UNSPECIFIED: 0,
                POLICY_FORMAT_YAML: 1,
                POLICY_FORMAT_JSON: 2,
              },
            },
            PolicyVersionState: {
              values: {
                POLICY_VERSION_STATE_UNSPECIFIED: 0,
                POLICY_VERSION_STATE_PUBLISHED: 1,
                POLICY_VERSION_STATE_IN_FORCE: 2,
                POLICY_VERSION_STATE_SUPERSEDED: 3,
                POLICY_VERSION_STATE_RETIRED: 4,
              },
            },
            PolicyFinding: {
              fields: {
                severity: {
                  type: 'string',
                  id: 1,
                },
                code: {
                  type: 'string',
                  id: 2,
                },
                message: {
                  type: 'string',
                  id: 3,
                },
                line: {
                  type: 'uint32',
                  id: 4,
                },
                column: {
                  type: 'uint32',
                  id: 5,
                },
                path: {
                  type: 'string',
                  id: 6,
                },
              },
            },
            PolicyTestOutcome: {
              fields: {
                name: {
                  type: 'string',
                  id: 1,
                },
                passed: {
                  type: 'bool',
                  id: 2,
                },
                expected: {
                  type: 'string',
                  id: 3,
                },
                actual: {
                  type: 'string',
                  id: 4,
                },
              },
            },
            PolicyVersion: {
              oneofs: {
                _activatedAt: {
                  oneof: ['activatedAt'],
                },
              },
              fields: {
                tenant: {
                  type: 'string',
                  id: 1,
                },
                policyId: {
                  type: 'string',
                  id: 2,
                },
                version: {
                  type: 'string',
                  id: 3,
                },
                digest: {
                  type: 'string',
                  id: 4,
                },
                state: {
                  type: 'PolicyVersionState',
                  id: 5,
                },
                publishedAt: {
                  type: 'google.protobuf.Timestamp',
                  id: 6,
                },
                publishedBy: {
                  type: 'string',
                  id: 7,
                },
                activatedAt: {
                  type: 'google.protobuf.Timestamp',
                  id: 8,
                  options: {
                    proto3_optional: true,
                  },
                },
                documentJson: {
                  type: 'string',
                  id: 9,
                },
                signature: {
                  type: 'string',
                  id: 10,
                },
                keyId: {
                  type: 'string',
                  id: 11,
                },
              },
            },
            LintPolicyRequest: {
              fields: {
                text: {
                  type: 'string',
                  id: 1,
                },
                format: {
                  type: 'PolicyFormat',
                  id: 2,
                },
              },
            },
            LintPolicyResponse: {
              fields: {
                publishable: {
                  type: 'bool',
                  id: 1,
                },
                digest: {
                  type: 'string',
                  id: 2,
                },
                findings: {
                  rule: 'repeated',
                  type: 'PolicyFinding',
                  id: 3,
                },
                tests: {
                  rule: 'repeated',
                  type: 'PolicyTestOutcome',
                  id: 4,
                },
              },
            },
            PublishPolicyRequest: {
              fields: {
                tenant: {
                  type: 'string',
                  id: 1,
                },
                text: {
                  type: 'string',
                  id: 2,
                },
                format: {
                  type: 'PolicyFormat',
                  id: 3,
                },
              },
            },
            PublishPolicyResponse: {
              fields: {
                policy: {
                  type: 'PolicyVersion',
                  id: 1,
                },
                event: {
                  type: 'EventReceipt',
                  id: 2,
                },
                findings: {
                  rule: 'repeated',
                  type: 'PolicyFinding',
                  id: 3,
                },
                replayed: {
                  type: 'bool',
                  id: 4,
                },
              },
            },
            ActivatePolicyRequest: {
              fields: {
                tenant: {
                  type: 'string',
                  id: 1,
                },
                policyId: {
                  type: 'string',
                  id: 2,
                },
                version: {
                  type: 'string',
                  id: 3,
                },
                reason: {
                  type: 'string',
                  id: 4,
                },
              },
            },
            ActivatePolicyResponse: {
              fields: {
                policy: {
                  type: 'PolicyVersion',
                  id: 1,
                },
                event: {
                  type: 'EventReceipt',
                  id: 2,
                },
                replayed: {
                  type: 'bool',
                  id: 3,
                },
              },
            },
            RetirePolicyRequest: {
              fields: {
                tenant: {
                  type: 'string',
                  id: 1,
                },
                policyId: {
                  type: 'string',
                  id: 2,
                },
                version: {
                  type: 'string',
                  id: 3,
                },
                reason: {
                  type: 'string',
                  id: 4,
                },
              },
            },
            RetirePolicyResponse: {
              fields: {
                policy: {
                  type: 'PolicyVersion',
                  id: 1,
                },
                event: {
                  type: 'EventReceipt',
                  id: 2,
                },
                replayed: {
                  type: 'bool',
                  id: 3,
                },
              },
            },
            GetPolicyRequest: {
              oneofs: {
                _version: {
                  oneof: ['version'],
                },
              },
              fields: {
                tenant: {
                  type: 'string',
                  id: 1,
                },
                policyId: {
                  type: 'string',
                  id: 2,
                },
                version: {
                  type: 'string',
                  id: 3,
                  options: {
                    proto3_optional: true,
                  },
                },
              },
            },
            GetPolicyResponse: {
              fields: {
                policy: {
                  type: 'PolicyVersion',
                  id: 1,
                },
              },
            },
            ListPoliciesRequest: {
              oneofs: {
                _policyId: {
                  oneof: ['policyId'],
                },
              },
              fields: {
                tenant: {
                  type: 'string',
                  id: 1,
                },
                policyId: {
                  type: 'string',
                  id: 2,
                  options: {
                    proto3_optional: true,
                  },
                },
              },
            },
            ListPoliciesResponse: {
              fields: {
                policies: {
                  rule: 'repeated',
                  type: 'PolicyVersion',
                  id: 1,
                },
              },
            },
            DiffPoliciesRequest: {
              fields: {
                tenant: {
                  type: 'string',
                  id: 1,
                },
                policyId: {
                  type: 'string',
                  id: 2,
                },
                fromVersion: {
                  type: 'string',
                  id: 3,
                },
                toVersion: {
                  type: 'string',
                  id: 4,
                },
              },
            },
            DiffPoliciesResponse: {
              fields: {
                changesJson: {
                  type: 'string',
                  id: 1,
                },
              },
            },
            LineageService: {
              methods: {
                GetCheckpoint: {
                  requestType: 'GetCheckpointRequest',
                  responseType: 'GetCheckpointResponse',
                },
                GetInclusionProof: {
                  requestType: 'GetInclusionProofRequest',
                  responseType: 'GetInclusionProofResponse',
                },
                GetTlogProof: {
                  requestType: 'GetTlogProofRequest',
                  responseType: 'GetTlogProofResponse',
                },
                GetConsistencyProof: {
                  requestType: 'GetConsistencyProofRequest',
                  responseType: 'GetConsistencyProofResponse',
                },
                GetEvidence: {
                  requestType: 'GetEvidenceRequest',
                  responseType: 'GetEvidenceResponse',
                },
                AwaitStanding: {
                  requestType: 'AwaitStandingRequest',
                  responseType: 'AwaitStandingResponse',
                },
              },
            },
            Checkpoint: {
              fields: {
                note: {
                  type: 'string',
                  id: 1,
                },
                size: {
                  type: 'uint64',
                  id: 2,
                },
                root: {
                  type: 'bytes',
                  id: 3,
                },
                cosignedBy: {
                  type: 'uint32',
                  id: 4,
                },
              },
            },
            ExecutionEntry: {
              oneofs: {
                _revision: {
                  oneof: ['revision'],
                },
              },
              fields: {
                tenant: {
                  type: 'string',
                  id: 1,
                },
                executionId: {
                  type: 'string',
                  id: 2,
                },
                revision: {
                  type: 'uint64',
                  id: 3,
                  options: {
                    proto3_optional: true,
                  },
                },
              },
            },
            EntryTarget: {
              oneofs: {
                target: {
                  oneof: ['index', 'eventId', 'execution'],
                },
              },
              fields: {
                index: {
                  type: 'uint64',
                  id: 1,
                },
                eventId: {
                  type: 'string',
                  id: 2,
                },
                execution: {
                  type: 'ExecutionEntry',
                  id: 3,
                },
              },
            },
            GetCheckpointRequest: {
              oneofs: {
                _size: {
                  oneof: ['size'],
                },
              },
              fields: {
                size: {
                  type: 'uint64',
                  id: 1,
                  options: {
                    proto3_optional: true,
                  },
                },
              },
            },
            GetCheckpointResponse: {
              fields: {
                checkpoint: {
                  type: 'Checkpoint',
                  id: 1,
                },
              },
            },
            GetInclusionProofRequest: {
              oneofs: {
                _checkpointSize: {
                  oneof: ['checkpointSize'],
                },
              },
              fields: {
                target: {
                  type: 'EntryTarget',
                  id: 1,
                },
                checkpointSize: {
                  type: 'uint64',
                  id: 2,
                  options: {
                    proto3_optional: true,
                  },
                },
              },
            },
            GetInclusionProofResponse: {
              fields: {
                index: {
                  type: 'uint64',
                  id: 1,
                },
                eventId: {
                  type: 'string',
                  id: 2,
                },
                entry: {
                  type: 'string',
                  id: 3,
                },
                leafHash: {
                  type: 'bytes',
                  id: 4,
                },
                path: {
                  rule: 'repeated',
                  type: 'bytes',
                  id: 5,
                },
                checkpoint: {
                  type: 'Checkpoint',
                  id: 6,
                },
              },
            },
            GetTlogProofRequest: {
              oneofs: {
                _checkpointSize: {
                  oneof: ['checkpointSize'],
                },
              },
              fields: {
                target: {
                  type: 'EntryTarget',
                  id: 1,
                },
                checkpointSize: {
                  type: 'uint64',
                  id: 2,
                  options: {
                    proto3_optional: true,
                  },
                },
              },
            },
            GetTlogProofResponse: {
              fields: {
                proof: {
                  type: 'string',
                  id: 1,
                },
              },
            },
            GetConsistencyProofRequest: {
              oneofs: {
                _newSize: {
                  oneof: ['newSize'],
                },
              },
              fields: {
                oldSize: {
                  type: 'uint64',
                  id: 1,
                },
                newSize: {
                  type: 'uint64',
                  id: 2,
                  options: {
                    proto3_optional: true,
                  },
                },
              },
            },
            GetConsistencyProofResponse: {
              fields: {
                oldSize: {
                  type: 'uint64',
                  id: 1,
                },
                path: {
                  rule: 'repeated',
                  type: 'bytes',
                  id: 2,
                },
                checkpoint: {
                  type: 'Checkpoint',
                  id: 3,
                },
              },
            },
            GetEvidenceRequest: {
              oneofs: {
                _checkpointSize: {
                  oneof: ['checkpointSize'],
                },
              },
              fields: {
                tenant: {
                  type: 'string',
                  id: 1,
                },
                executionId: {
                  type: 'string',
                  id: 2,
                },
                checkpointSize: {
                  type: 'uint64',
                  id: 3,
                  options: {
                    proto3_optional: true,
                  },
                },
                withhold: {
                  rule: 'repeated',
                  type: 'string',
                  id: 4,
                },
                withholdAll: {
                  type: 'bool',
                  id: 5,
                },
              },
            },
            GetEvidenceResponse: {
              fields: {
                bundle: {
                  type: 'bytes',
                  id: 1,
                },
              },
            },
            AwaitStandingRequest: {
              fields: {
                tenant: {
                  type: 'string',
                  id: 1,
                },
                executionId: {
                  type: 'string',
                  id: 2,
                },
                wanted: {
                  type: 'Standing',
                  id: 3,
                },
                timeoutMs: {
                  type: 'uint64',
                  id: 4,
                },
              },
            },
            AwaitStandingResponse: {
              fields: {
                reached: {
                  type: 'bool',
                  id: 1,
                },
                events: {
                  rule: 'repeated',
                  type: 'EventStanding',
                  id: 2,
                },
              },
            },
            EventStanding: {
              oneofs: {
                _index: {
                  oneof: ['index'],
                },
                _checkpointSize: {
                  oneof: ['checkpointSize'],
                },
                _cosignedBy: {
                  oneof: ['cosignedBy'],
                },
              },
              fields: {
                revision: {
                  type: 'uint64',
                  id: 1,
                },
                eventId: {
                  type: 'string',
                  id: 2,
                },
                type: {
                  type: 'string',
                  id: 3,
                },
                standing: {
                  type: 'Standing',
                  id: 4,
                },
                index: {
                  type: 'uint64',
                  id: 5,
                  options: {
                    proto3_optional: true,
                  },
                },
                checkpointSize: {
                  type: 'uint64',
                  id: 6,
                  options: {
                    proto3_optional: true,
                  },
                },
                cosignedBy: {
                  type: 'uint32',
                  id: 7,
                  options: {
                    proto3_optional: true,
                  },
                },
              },
            },
            KeyService: {
              methods: {
                ListKeys: {
                  requestType: 'ListKeysRequest',
                  responseType: 'ListKeysResponse',
                },
                RotateKey: {
                  requestType: 'RotateKeyRequest',
                  responseType: 'RotateKeyResponse',
                },
                RevokeKey: {
                  requestType: 'RevokeKeyRequest',
                  responseType: 'RevokeKeyResponse',
                },
              },
            },
            KeyState: {
              values: {
                KEY_STATE_UNSPECIFIED: 0,
                KEY_STATE_CURRENT: 1,
                KEY_STATE_ROTATED: 2,
                KEY_STATE_REVOKED: 3,
              },
            },
            Key: {
              oneofs: {
                _addedIndex: {
                  oneof: ['addedIndex'],
                },
                _cutOffIndex: {
                  oneof: ['cutOffIndex'],
                },
              },
              fields: {
                keyId: {
                  type: 'string',
                  id: 1,
                },
                purpose: {
                  type: 'string',
                  id: 2,
                },
                publicKey: {
                  type: 'bytes',
                  id: 3,
                },
                state: {
                  type: 'KeyState',
                  id: 4,
                },
                addedAt: {
                  type: 'google.protobuf.Timestamp',
                  id: 5,
                },
                addedIndex: {
                  type: 'uint64',
                  id: 6,
                  options: {
                    proto3_optional: true,
                  },
                },
                cutOffIndex: {
                  type: 'uint64',
                  id: 7,
                  options: {
                    proto3_optional: true,
                  },
                },
                reason: {
                  type: 'string',
                  id: 8,
                },
              },
            },
            ListKeysRequest: {
              fields: {},
            },
            ListKeysResponse: {
              fields: {
                keys: {
                  rule: 'repeated',
                  type: 'Key',
                  id: 1,
                },
                signsWith: {
                  type: 'string',
                  id: 2,
                },
              },
            },
            RotateKeyRequest: {
              oneofs: {
                _replaces: {
                  oneof: ['replaces'],
                },
                _next: {
                  oneof: ['next'],
                },
              },
              fields: {
                replaces: {
                  type: 'string',
                  id: 1,
                  options: {
                    proto3_optional: true,
                  },
                },
                next: {
                  type: 'string',
                  id: 2,
                  options: {
                    proto3_optional: true,
                  },
                },
              },
            },
            RotateKeyResponse: {
              fields: {
                key: {
                  type: 'Key',
                  id: 1,
                },
                event: {
                  type: 'EventReceipt',
                  id: 2,
                },
                replayed: {
                  type: 'bool',
                  id: 3,
                },
              },
            },
            RevokeKeyRequest: {
              oneofs: {
                _cutOffIndex: {
                  oneof: ['cutOffIndex'],
                },
              },
              fields: {
                keyId: {
                  type: 'string',
                  id: 1,
                },
                reason: {
                  type: 'string',
                  id: 2,
                },
                cutOffIndex: {
                  type: 'uint64',
                  id: 3,
                  options: {
                    proto3_optional: true,
                  },
                },
              },
            },
            RevokeKeyResponse: {
              fields: {
                key: {
                  type: 'Key',
                  id: 1,
                },
                event: {
                  type: 'EventReceipt',
                  id: 2,
                },
                replayed: {
                  type: 'bool',
                  id: 3,
                },
              },
            },
          },
        },
      },
    },
    google: {
      nested: {
        protobuf: {
          nested: {
            Timestamp: {
              fields: {
                seconds: {
                  type: 'int64',
                  id: 1,
                },
                nanos: {
                  type: 'int32',
                  id: 2,
                },
              },
            },
          },
        },
      },
    },
  },
};
