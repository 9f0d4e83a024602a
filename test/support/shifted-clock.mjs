// Loaded with --import: this process believes that it is an hour later than it is, or as many ms as SHIFT_MS says. What runs in the sandbox of a
// workflow has Temporal's clock and is not touched.
const shiftMs = Number(process.env.SHIFT_MS ?? 3_600_000);
const RealDate = globalThis.Date;

class ShiftedDate extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + shiftMs);
    else super(...args);
  }
  static now() {
    return RealDate.now() + shiftMs;
  }
}
globalThis.Date = ShiftedDate;
