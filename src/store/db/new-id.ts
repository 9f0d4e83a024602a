import { typeid } from 'typeid-js';
import type { ApiKeyId, AttemptId, DeliveryId, InboxId, JobId, MessageId, SubscriptionId } from '../../domain/ids.ts';

/**
 * Ids are UUIDv7 with a prefix. They sort by time, cannot be guessed, and contain no dot, which Standard Webhooks
 * forbids.
 */
export const newMessageId = (): MessageId => typeid('msg').toString();
export const newDeliveryId = (): DeliveryId => typeid('dlv').toString();
export const newAttemptId = (): AttemptId => typeid('att').toString();
export const newApiKeyId = (): ApiKeyId => typeid('key').toString();
export const newJobId = (): JobId => typeid('job').toString();
export const newInboxId = (): InboxId => typeid('inb').toString();
export const newSubscriptionId = (): SubscriptionId => typeid('sub').toString();
