/** The start cannot go on, and the message tells the user why. Any other error is shown with its stack. */
export class StartError extends Error {
  override name = 'StartError';
}
