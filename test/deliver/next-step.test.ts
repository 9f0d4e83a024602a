import type { MessageId } from '../../src/domain/ids.ts';
import { capabilityStep } from '../../src/deliver/next-step.ts';
import { slack } from '../../src/connectors/slack/index.ts';
import type { Capabilities, Capability } from '../../src/connectors/contract/connector.ts';
import { freshMessageId, sampleMessage } from '../support/outgoing.ts';

type Entry = Parameters<typeof capabilityStep>[0];
const file = { id: 'f1', name: 'plan.png', url: 'https://files.example/plan.png' };
const thread = freshMessageId() as MessageId;

/** @returns the step at a platform that has all of Slack's capabilities but one. */
function stepAt(what: keyof Capabilities, level: 'partial' | 'dropped' | 'rejected', entry: Partial<Entry>) {
  const capability: Capability = { level, why: `No ${what} here.` };
  const connector = { capabilities: { ...slack.capabilities, [what]: capability } };
  return capabilityStep({ action: 'create', message: sampleMessage(), ...entry }, connector);
}
const parked = (code: string, what: string) => ({ do: 'park', reason: { code, message: `No ${what} here.` } });

describe('a platform that lacks a capability', () => {
  it.each([
    ['edit', 'edit'],
    ['delete', 'delete'],
    ['react', 'react'],
    ['unreact', 'react'],
  ] as const)(
    'a change (%s) is sent where it is partial, skipped where it is dropped, parked where it is rejected',
    (action, what) => {
      expect(stepAt(what, 'partial', { action })).toBeUndefined();
      expect(stepAt(what, 'dropped', { action })).toEqual({
        do: 'skip',
        reason: { code: `${action}_dropped`, message: `No ${what} here.` },
      });
      expect(stepAt(what, 'rejected', { action })).toEqual(parked(`${action}_rejected`, what));
    },
  );

  it('a reply goes out without its thread where threads are dropped, and is parked where they are rejected', () => {
    const message = sampleMessage({ thread });
    expect(stepAt('thread', 'dropped', { message })).toBeUndefined();
    expect(stepAt('thread', 'rejected', { message })).toEqual(parked('thread_rejected', 'thread'));
    expect(stepAt('thread', 'rejected', {})).toBeUndefined();
  });

  it('a message or an edit with a file is parked where files are rejected, and one without a file is sent', () => {
    const message = sampleMessage({ content: { text: 'see', attachments: [file] } });
    for (const action of ['create', 'edit'] as const) {
      expect(stepAt('files', 'partial', { action, message })).toBeUndefined();
      expect(stepAt('files', 'rejected', { action, message })).toEqual(parked('files_rejected', 'files'));
      expect(stepAt('files', 'rejected', { action })).toBeUndefined();
    }
    expect(stepAt('files', 'rejected', { action: 'delete', message })).toBeUndefined();
  });
});
