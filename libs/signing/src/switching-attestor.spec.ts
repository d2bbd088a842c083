import { utf8 } from '@writ/encoding';
import { IntegrityError } from '@writ/errors';
import { verifyAttestation } from '@writ/evidence';
import { leafHash } from '@writ/merkle';
import { createAttestor, type Attestor } from './attestor.js';
import { SwitchingAttestor } from './switching-attestor.js';

const ORIGIN = 'ledger.test/switch';
const attestorOf = (byte: number): Promise<Attestor> =>
  createAttestor({ secretKey: new Uint8Array(32).fill(byte), origin: ORIGIN, worker: false });
const leafOf = (name: string) => ({ entry: utf8(name), leafHash: leafHash(utf8(name)) });

describe('an attestor whose key is replaced', () => {
  it('signs what was asked before with the former key, and what is asked after with the next', async () => {
    const [first, second] = [await attestorOf(1), await attestorOf(2)];
    const attestor = new SwitchingAttestor(first);
    const before = Array.from({ length: 50 }, (_, at) => attestor.attest([leafOf(`before ${at}`)]));
    const switched = attestor.switchTo(second);
    const after = Array.from({ length: 50 }, (_, at) => attestor.attest([leafOf(`after ${at}`)]));
    await switched;
    const keys = [first, second].map(({ keyId, publicKey }) => ({ keyId, publicKey }));
    for (const [calls, key] of [
      [before, first.keyId],
      [after, second.keyId],
    ] as const) {
      for (const [attestation] of await Promise.all(calls)) {
        expect(attestation?.keyId).toBe(key);
        verifyAttestation(attestation!, { origin: ORIGIN, keys });
      }
    }
    expect(attestor.keyId).toBe(second.keyId);
    expect(attestor.counts.attestedLeaves).toBe(100);
    await expect(first.attest([leafOf('late')])).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await attestor.close();
  });

  it('signs nothing while it is stopped, and again after a switch', async () => {
    const attestor = new SwitchingAttestor(await attestorOf(1));
    attestor.stop(new IntegrityError('KEY_REVOKED', 'the key is revoked'));
    await expect(attestor.attest([leafOf('a')])).rejects.toMatchObject({ code: 'KEY_REVOKED' });
    await expect(attestor.grant(utf8('a'))).rejects.toMatchObject({ code: 'KEY_REVOKED' });
    await attestor.switchTo(await attestorOf(2));
    expect(await attestor.attest([leafOf('a')])).toHaveLength(1);
    await attestor.close();
  });
});
