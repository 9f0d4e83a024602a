import { formatted, html, page, range, ranged } from './format-samples.ts';

/** An edit that changes nothing but a style: the native message before and after it. */
export const restyled: Readonly<Record<string, readonly [object, object]>> = {
  slack: [{ text: 'so it is' }, { text: 'so *it* is' }],
  msteams: [html('<p>so it is</p>'), html('<p>so <b>it</b> is</p>')],
  webex: [{ text: 'so it is' }, { html: 'so <b>it</b> is' }],
  'google-chat': [formatted('so it is'), formatted('so *it* is')],
  zoom: [ranged('so it is'), ranged('so it is', [range(3, 5, 'Bold')])],
  matrix: [{ body: 'so it is' }, page('so <b>it</b> is')],
};
